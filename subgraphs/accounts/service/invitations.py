"""Inviting a patient or doctor who has no login to set a password."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import access, repository, rules
from subgraphs.accounts.events import AccountInvited
from subgraphs.accounts.service.links import LinkTokens, add_link
from subgraphs.accounts.service.writing import email_taken, new_account, write
from subgraphs.accounts.tables import AccountRow, Purpose, Status
from subgraphs.kernel.email_address import compared, email_address
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal, RoleName


async def invite(
    base: Foundation, tokens: LinkTokens, principal: Principal | None, patient_id: str | None, doctor_id: str | None
) -> AccountRow:
    access.INVITE.require(principal)
    role, subject_id = rules.invited(patient_id, doctor_id)

    async def work(session: AsyncSession) -> AccountRow:
        email = await _invited_email(session, role, subject_id)
        account = await _invited_account(base, session, role, subject_id, email)
        link_id = await add_link(base, tokens, session, account, Purpose.INVITATION, rules.INVITATION_LASTS)
        base.outbox.record(session, _invited(account, link_id), Actor.of(principal))
        return account

    return await base.database.transaction(work)


def _invited(account: AccountRow, link_id: str) -> AccountInvited:
    return AccountInvited(
        account_id=account.id, patient_id=account.patient_id, role=account.role, link_id=link_id, email=account.email
    )


async def _invited_email(session: AsyncSession, role: RoleName, subject_id: str) -> str:
    subject = await repository.subject(session, role, subject_id)
    if subject is None:
        raise rules.unknown_subject(role)
    if not subject.invitable:
        raise InvalidInput(f"This {role.value.lower()} can be invited no more.")
    if subject.email is None:
        raise InvalidInput(f"There is no e-mail of this {role.value.lower()} to invite them at.")
    return compared(email_address(subject.email))


async def _invited_account(
    base: Foundation, session: AsyncSession, role: RoleName, subject_id: str, email: str
) -> AccountRow:
    row = await repository.account_of_subject(session, role, subject_id)
    row = row or new_account(base, role, email, Status.INVITED, subject_id=subject_id)
    if row.status != Status.INVITED or row.disabled_at is not None:
        raise email_taken()
    row.email = email
    await write(session, row)
    return row
