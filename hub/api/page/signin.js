// Signing in: with a one-time link (its token stands after #, so no server log sees it) or with a password.

import { load, other, word } from "/page/words.js";

const byId = (id) => document.getElementById(id);
const token = location.hash.slice(1);
if (token) history.replaceState(null, "", "/signin");

async function send(address, body) {
  byId("fault").textContent = "";
  try {
    const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (answer.ok) return await answer.json();
    const problem = await answer.json();
    byId("fault").textContent = word(`problem.${problem.code}`);
  } catch {
    byId("fault").textContent = word("no-data");
  }
  return null;
}

function show(id) {
  for (const form of document.forms) form.hidden = form.id !== id;
  byId(id).querySelector("input, button").focus();
}

byId("link").addEventListener("submit", async (event) => {
  event.preventDefault();
  const signedIn = await send("/v1/session/link", { token });
  if (!signedIn) return show("password");
  if (signedIn.has_password) location.replace("/");
  else show("choose");
});

byId("password").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(event.target);
  if (await send("/v1/session", { login: fields.get("login"), password: fields.get("password") })) location.replace("/");
});

byId("choose").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (await send("/v1/session/password", { password: new FormData(event.target).get("password") })) location.replace("/");
});

byId("language").addEventListener("click", other);
await load();
show(token ? "link" : "password");
