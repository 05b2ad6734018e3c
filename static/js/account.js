/* Account pages. A link's code stands behind the "#", so that no server sees it before the form is sent. */
"use strict";

const code = document.querySelector("input[data-from-hash]");
if (code && location.hash.length > 1) {
  code.value = location.hash.slice(1);
  code.closest(".field").hidden = true;
  history.replaceState(null, "", location.pathname);
}

/* On a narrow screen the tabs scroll: begin where one is. */
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

/* The theme is this browser's own (js/theme.js); saving the preference changes it here too. */
document.querySelector("form[data-remember-theme]")?.addEventListener("submit", (event) => {
  localStorage.setItem("theme", event.target.elements.theme.value);
});
