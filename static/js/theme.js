/* Runs before the first paint: the stored theme, in the key and attribute that the Django admin uses too; in a new
   browser the one that the person prefers. */
"use strict";
const preferred = document.documentElement.dataset.theme;
document.documentElement.dataset.theme = localStorage.getItem("theme") || preferred || "auto";
