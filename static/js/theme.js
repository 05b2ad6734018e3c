/* Runs before the first paint: the stored theme, in the key and attribute that the Django admin uses too. */
"use strict";
document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";
