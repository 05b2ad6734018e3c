/* Names for the admin's autocomplete fields: the widget draws a text box that has none, whenever it is ready. */
"use strict";

function nameBoxes() {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const words = document.querySelector(`label[for="${CSS.escape(select.id)}"]`)?.textContent.trim().replace(/:$/, "");
    const box = document.getElementById(`select2-${select.id}-container`);
    if (words && box && !box.hasAttribute("aria-label")) box.setAttribute("aria-label", words);
  }
}

new MutationObserver(nameBoxes).observe(document.body, { childList: true, subtree: true });
nameBoxes();
