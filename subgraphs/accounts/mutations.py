"""The root fields of accounts that change something."""

from collections.abc import Awaitable

import strawberry

from subgraphs.accounts.context import Info
from subgraphs.accounts.service.grants import Grant
from subgraphs.accounts.tables import AccountRow
from subgraphs.accounts.types import (
    Account,
    AccountPayload,
    ChangePasswordInput,
    CreateStaffAccountInput,
    DisableAccountInput,
    InviteAccountInput,
    RefreshSessionInput,
    RequestPasswordResetInput,
    RequestPasswordResetPayload,
    ResetPasswordInput,
    Session,
    SessionPayload,
    SignInInput,
    SignOutPayload,
    UserError,
)
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.given import given
from subgraphs.kernel.principal import RoleName


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def sign_in(self, info: Info, input: SignInInput) -> SessionPayload | None:
        return await _session(info.context.service.sign_in(input.email, input.password))

    @strawberry.mutation
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> SessionPayload | None:
        return await _session(info.context.service.refresh(input.refresh_token))

    @strawberry.mutation
    async def sign_out(self, info: Info) -> SignOutPayload | None:
        await info.context.service.sign_out(info.context.principal)
        return SignOutPayload(errors=[])

    @strawberry.mutation(description="ADMIN: a login for a member of staff.")
    async def create_staff_account(self, info: Info, input: CreateStaffAccountInput) -> AccountPayload | None:
        return await _account(
            info.context.service.create_staff_account(
                info.context.principal,
                input.email,
                input.password,
                RoleName(input.role.value),
                given(input.idempotency_key),
            )
        )

    @strawberry.mutation(
        description="ADMIN, RECEPTIONIST: e-mails a link by which a patient or doctor without a login sets a password"
        " (24 hours, once)."
    )
    async def invite_account(self, info: Info, input: InviteAccountInput) -> AccountPayload | None:
        patient_id, doctor_id = given(input.patient_id), given(input.doctor_id)
        return await _account(info.context.service.invite(info.context.principal, patient_id, doctor_id))

    @strawberry.mutation(description="ADMIN: no session of it can be refreshed, and it signs in no more.")
    async def disable_account(self, info: Info, input: DisableAccountInput) -> AccountPayload | None:
        return await _account(info.context.service.disable_account(info.context.principal, input.id, input.reason))

    @strawberry.mutation
    async def change_password(self, info: Info, input: ChangePasswordInput) -> SessionPayload | None:
        return await _session(
            info.context.service.change_password(info.context.principal, input.current_password, input.new_password)
        )

    @strawberry.mutation(description="Answers alike whether the e-mail is known or not.")
    async def request_password_reset(
        self, info: Info, input: RequestPasswordResetInput
    ) -> RequestPasswordResetPayload | None:
        try:
            await info.context.service.request_reset(input.email)
        except Refused as refused:
            return RequestPasswordResetPayload(errors=UserError.all_of(refused))
        return RequestPasswordResetPayload(errors=[])

    @strawberry.mutation
    async def reset_password(self, info: Info, input: ResetPasswordInput) -> SessionPayload | None:
        return await _session(info.context.service.reset_password(input.token, input.new_password))


async def _session(granting: Awaitable[Grant]) -> SessionPayload:
    try:
        return SessionPayload(session=Session.of(await granting), errors=[])
    except Refused as refused:
        return SessionPayload(session=None, errors=UserError.all_of(refused))


async def _account(making: Awaitable[AccountRow]) -> AccountPayload:
    try:
        return AccountPayload(account=Account.of(await making), errors=[])
    except Refused as refused:
        return AccountPayload(account=None, errors=UserError.all_of(refused))
