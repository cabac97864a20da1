"use strict";

const RESET = `mutation ResetPassword($input: ResetPasswordInput!) {
  resetPassword(input: $input) { session { account { email } } errors { code message } }
}`;
const REQUEST = `mutation RequestPasswordReset($input: RequestPasswordResetInput!) {
  requestPasswordReset(input: $input) { errors { code message } }
}`;
const LINK_ENDED = "This link is used or has ended. Ask for a new one here. If it came with an invitation, ask the hospital to invite you again.";
const UNREACHABLE = "The hospital cannot be reached. Look at your connection, and try again.";
const NO_ANSWER = "The hospital did not answer as it should. Try again in a minute.";
const WAITS_MS = 30_000;

const element = (id) => document.getElementById(id);
const password = element("password");
const email = element("email");
let token = null;

/** Only the fragment carries the token, and only `resetPassword` gets it; the address bar forgets it at once. */
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!found) return;
  token = found;
  history.replaceState(null, "", location.pathname + location.search);
  show("choose");
}

function show(...ids) {
  for (const section of document.querySelectorAll("section")) section.hidden = !ids.includes(section.id);
  const title = element(`${ids[0]}-title`);
  document.title = `${title.textContent} · Hospital`;
  title.focus();
}

function complain(input, text) {
  input.setAttribute("aria-invalid", String(text !== ""));
  element(`${input.closest("section").id}-problem`).textContent = text;
  if (text) input.focus();
}

/** The payload of the one field asked for. Throws an Error whose message is for people. */
async function ask(query, input) {
  let answer;
  try {
    const response = await fetch(document.body.dataset.api, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ query, variables: { input } }),
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(WAITS_MS),
    });
    answer = await response.json();
  } catch (error) {
    throw new Error(error instanceof SyntaxError ? NO_ANSWER : UNREACHABLE);
  }
  const payload = Object.values(answer.data ?? {})[0];
  if (payload) return payload;
  const { message = NO_ANSWER, extensions } = answer.errors?.[0] ?? {};
  throw new Error(extensions?.errorId ? `${message} (${extensions.errorId})` : message);
}

async function choose() {
  if (!password.value) return complain(password, "Write a password first.");
  const { session, errors } = await ask(RESET, { token, newPassword: password.value });
  if (errors.some((error) => error.code === "SESSION_EXPIRED")) return linkEnded();
  if (errors.length) return complain(password, errors.map((error) => error.message).join(" "));
  token = null;
  password.value = "";
  element("login").textContent = session.account.email;
  show("chosen");
}

function linkEnded() {
  token = null;
  password.value = "";
  show("forgot");
  element("ended").textContent = LINK_ENDED;
}

async function requestLink() {
  const { errors } = await ask(REQUEST, { email: email.value });
  if (errors.length) return complain(email, errors.map((error) => error.message).join(" "));
  element("ended").textContent = "";
  element("sent").textContent = "If there is a login for this e-mail, a mail is on its way. Its link is good for one hour.";
}

/** Runs `work` when the form is sent, once at a time, and says what goes wrong beside `input`. */
function onSubmit(input, work) {
  const button = input.form.querySelector("button");
  let busy = false;
  input.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    button.setAttribute("aria-disabled", "true");
    element("sent").textContent = "";
    complain(input, "");
    try {
      await work();
    } catch (error) {
      complain(input, error.message);
    } finally {
      busy = false;
      button.removeAttribute("aria-disabled");
    }
  });
}

onSubmit(password, choose);
onSubmit(email, requestLink);
element("shown").addEventListener("change", (event) => { password.type = event.target.checked ? "text" : "password"; });
addEventListener("hashchange", takeToken);
takeToken();
