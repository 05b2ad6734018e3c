/* Passkeys: fetch the question, let the device answer, send the answer with the form. */
"use strict";

async function ask(form) {
  const token = form.elements.csrfmiddlewaretoken.value;
  const answer = await fetch(form.dataset.question, { method: "POST", headers: { "X-CSRFToken": token } });
  const question = await answer.json();
  if (!answer.ok) throw new Error(question.detail);
  form.elements.word.value = question.word;
  return question.options.publicKey;
}

async function answered(form) {
  const options = await ask(form);
  if (form.dataset.passkey === "create") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

/* What the device refuses it says in its own window; here stands what to do next. */
function refuse(form, error) {
  const notice = form.querySelector("[data-refusal]");
  const words = error.name === "NotAllowedError" ? "Nothing was chosen, or it took too long. Try again." : error.message;
  notice.querySelector("span").textContent = words;
  notice.hidden = false;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    form.hidden = form.dataset.passkey === "get";
    continue;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      form.elements.answer.value = JSON.stringify((await answered(form)).toJSON());
      form.submit();
    } catch (error) {
      refuse(form, error);
    }
  });
}
