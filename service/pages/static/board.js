// Loads the content of an open page anew every 15 seconds. Without this script the page stays as it was loaded.
"use strict";
const SECONDS = 15;
let main = document.querySelector("main");
let shown = main.innerHTML;

function fresh() {
  if (document.hidden) return;
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.timeout = 10000;
  request.onload = () => (request.status === 200 && request.response ? show(request.response) : stale());
  request.onerror = request.ontimeout = stale;
  request.send();
}

function show(page) {
  const next = page.querySelector("main");
  document.documentElement.classList.remove("stale");
  document.title = page.title;
  document.querySelector("link[rel=icon]").href = page.querySelector("link[rel=icon]").href;
  document.getElementById("fresh").replaceWith(page.getElementById("fresh"));
  if (next.innerHTML === shown || busy()) return;
  const before = new Map([...main.querySelectorAll(".cell")].map((cell) => [cell.id, runs(cell)]));
  const focus = [...main.querySelectorAll("a")].indexOf(document.activeElement);
  shown = next.innerHTML;
  main.replaceWith(next);
  main = next;
  for (const cell of main.querySelectorAll(".cell")) {
    if (before.get(cell.id) !== runs(cell)) cell.classList.add("changed");
  }
  if (focus >= 0) main.querySelectorAll("a")[focus]?.focus({ preventScroll: true });
}

const runs = (cell) => cell.className.replace(" changed", "") + cell.querySelector(".runs").textContent;
const busy = () => main.contains(document.activeElement) && document.activeElement.matches("input");
const stale = () => document.documentElement.classList.add("stale");

setInterval(fresh, SECONDS * 1000);
document.addEventListener("visibilitychange", fresh);
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input")) return;
  event.preventDefault();
  document.getElementById("q").focus();
});
