"""From a mail's link to a password and a sign-in, in a real browser that can reach no host but this one."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, Request, async_playwright, expect

from tests.forking.commands import started
from tests.hospital.processes import Running
from tests.hospital.test_up import INVITE, PASSWORD, REGISTER
from tests.router.entrypoints.test_graphiql_browser import ARGUMENTS, CHROMIUM, keep_to_this_host

EMAIL, CHOSEN = "n@example.com", "quite another pass phrase"
TELEPHONE = {"width": 390, "height": 780}
INVITED = "Your login at the hospital"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def equipped() -> None:
    if CHROMIUM.exists():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing: {CHROMIUM}")
    pytest.skip(f"NOT TESTED in a browser, missing: {CHROMIUM}")


@pytest.fixture(scope="module")
def invited(shared_folder: Path, running: Running) -> None:
    arguments = ("create-admin", "--email", "admin@example.com", "--password", PASSWORD, "--data", str(shared_folder))
    assert started(*arguments, silent=True).wait(60) == 0
    admin = running.sign_in("admin@example.com", PASSWORD)
    patient = running.ask(REGISTER, admin)["registerPatient"]["patient"]["id"]
    assert running.ask(INVITE, admin, id=patient)["inviteAccount"]["errors"] == []
    running.newest_mail(INVITED)


@pytest_asyncio.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport=TELEPHONE)
        yield page
        await browser.close()


def token_in(mail: dict[str, str]) -> str:
    return mail["text"].partition("#token=")[2].split()[0]


async def test_an_invitations_link_sets_a_password_that_signs_in(page: Page, running: Running, invited: None):
    foreign: list[str] = []
    complaints: list[str] = []
    asked: list[Request] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request))
    await keep_to_this_host(page, foreign)
    token = token_in(running.newest_mail(INVITED))

    await page.goto(f"{running.url}/dev/mailbox")
    await page.click("pre a")
    await expect(page.get_by_role("heading", name="Choose your password")).to_be_focused()
    assert page.url == f"{running.url}/"
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_role("alert")).to_have_text(["Write a password first."])
    await expect(page.get_by_label("New password")).to_be_focused()
    await page.get_by_label("New password").fill("password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text(["This password is one of the first that anybody tries."])
    await expect(page.get_by_label("New password")).to_be_focused()
    assert await page.get_by_label("New password").get_attribute("aria-invalid") == "true"
    await page.get_by_label("New password").fill(CHOSEN)
    await page.get_by_label("Show the password").check()
    await expect(page.get_by_label("New password")).to_have_attribute("type", "text")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Your password is set")).to_be_focused()
    await expect(page.locator("#login")).to_have_text(EMAIL)

    assert running.sign_in(EMAIL, CHOSEN)
    assert (foreign, complaints) == ([], [])
    carrying = [request for request in asked if token in f"{request.url} {request.post_data} {request.headers}"]
    assert {request.url for request in carrying} == {f"{running.url}/graphql"}
    assert not any("referer" in request.headers for request in carrying)
    assert token not in await page.evaluate("JSON.stringify([location.href, document.body.outerHTML, localStorage])")


async def test_a_link_that_was_used_leads_to_a_new_one(page: Page, running: Running, invited: None):
    used = running.newest_mail(INVITED)
    await page.goto(f"{running.url}#token={token_in(used)}")
    await page.get_by_label("New password").fill(CHOSEN)
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_role("heading", name="Forgot your password?")).to_be_focused()
    await expect(page.locator("#ended")).to_contain_text("This link is used or has ended.")
    await page.get_by_label("Your e-mail").fill("nobody")
    await page.keyboard.press("Enter")
    await expect(page.locator("#forgot-problem")).to_contain_text("An e-mail address is written like name@example.com.")
    await page.get_by_label("Your e-mail").fill(EMAIL)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("a mail is on its way")
    mail = running.newest_mail("Choose a new password")
    assert mail["to"] == EMAIL
    assert token_in(mail) != token_in(used)


async def test_the_link_of_a_mail_shown_as_html_leads_there_too(page: Page, running: Running, invited: None):
    await page.goto(f"{running.url}/dev/mailbox")
    async with page.expect_popup() as opened:
        await page.frame_locator("details[open] iframe").locator("a").click()
    popup = await opened.value
    await expect(popup.get_by_role("heading", name="Choose your password")).to_be_visible()
    assert popup.url == f"{running.url}/"


async def test_without_a_link_it_says_what_this_is(page: Page, running: Running):
    await page.goto(running.url)
    await expect(page.get_by_role("heading", level=2)).to_have_text(["Welcome", "Forgot your password?"])
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("link", name="Open the API").click()
    assert page.url == f"{running.url}/graphql"


async def test_a_hospital_that_is_away_is_said_in_words(page: Page, running: Running):
    await page.goto(f"{running.url}#token=x")
    await page.route("**/graphql", lambda route: route.abort())
    await page.get_by_label("New password").fill(CHOSEN)
    await page.keyboard.press("Enter")
    await expect(page.locator("#choose-problem")).to_contain_text("The hospital cannot be reached.")


async def test_another_link_pasted_into_the_same_tab_is_taken(page: Page, running: Running):
    await page.goto(running.url)
    await page.evaluate("location.hash = 'token=x'")
    await expect(page.get_by_role("heading", name="Choose your password")).to_be_visible()
    assert page.url == f"{running.url}/"
