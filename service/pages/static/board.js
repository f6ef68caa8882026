// Says how long ago each time was, and loads the content of an open page anew every 15 seconds. Without this script a
// page has its times in UTC, and stays as it was loaded.
"use strict";
const SECONDS = 15;
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const zone = { get local() { return localStorage.zone === "local"; } };
let main = document.querySelector("main"), shown = main.innerHTML, waiting = null;

function clock(at, style) {
  const local = zone.local, part = (options) => at.toLocaleString("en-GB", { timeZone: local ? undefined : "UTC", ...options });
  const year = at.getUTCFullYear() === new Date().getUTCFullYear() ? "" : ` ${part({ year: "numeric" })}`;
  const date = `${part({ day: "numeric" })} ${part({ month: "short" }).slice(0, 3)}${year}`;
  const time = part({ hour: "2-digit", minute: "2-digit", ...(style === "second" && { second: "2-digit" }), hourCycle: "h23" });
  return `${style === "age" || style === "short" ? "" : `${part({ weekday: "short" })} `}${date} ${time}`;
}

function age(at) {
  const seconds = Math.max(0, Math.floor((Date.now() - at) / 1000));
  const [size, name] = UNITS.find(([size]) => seconds >= size) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${name}`;
}

function tell(root) {
  for (const it of root.querySelectorAll("time")) {
    const at = new Date(it.dateTime), style = it.className, absolute = clock(at, style) + (style === "clock" || style === "second" ? (zone.local ? "" : " UTC") : "");
    const relative = style === "ago" ? `${age(at)} ago` : style === "age" && it.closest("td, th") ? age(at) : null;
    const text = relative ?? absolute;
    if (relative) it.title = absolute;
    if (it.textContent !== text) it.textContent = text;
  }
}

// The browser asks with the ETag of what it has, so that an unchanged page is not sent again.
function fresh() {
  if (document.hidden) return;
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.timeout = 10000;
  request.onload = () => (request.status === 200 && request.response ? heard(request.response) : stale());
  request.onerror = request.ontimeout = stale;
  request.send();
}

function heard(page) {
  document.documentElement.classList.remove("stale");
  document.querySelector("#fresh time").dateTime = new Date().toISOString();
  for (const it of document.querySelectorAll("time.clock")) it.dateTime = new Date().toISOString();
  take(page);
  tell(document);
}

function stale() {
  const root = document.documentElement;
  main.dataset.stale = `No answer since ${document.querySelector("#fresh time").textContent}.`;
  root.classList.add("stale");
  tell(document);
}

function take(page) {
  document.title = page.title;
  document.querySelector("link[rel=icon]").href = page.querySelector("link[rel=icon]").href;
  const next = page.querySelector("main");
  if (next.innerHTML === shown) return;
  waiting = next;
  busy() ? offer() : show();
}

// What is under the pointer, has the focus or is selected must not move.
function busy() {
  const selected = getSelection();
  const used = "table, form, .trouble, .latest, .lanes, .alike";
  return [...main.querySelectorAll(used)].some((it) => it.matches(":hover, :focus-within"))
    || (!selected.isCollapsed && main.contains(selected.anchorNode));
}

function offer() {
  const before = cells(main), now = cells(waiting);
  const number = [...now].filter(([key, text]) => before.get(key) !== text).length || 1;
  let pill = document.getElementById("pill");
  if (!pill) {
    pill = document.createElement("button");
    pill.id = "pill";
    pill.addEventListener("click", show);
    document.body.append(pill);
  }
  pill.textContent = `${number} ${number === 1 ? "change" : "changes"}, show`;
}

function cells(root) {
  const found = new Map();
  for (const row of root.querySelectorAll("tbody tr")) {
    const name = row.querySelector("th")?.textContent ?? row.rowIndex;
    for (const cell of row.cells) found.set(`${name} ${cell.cellIndex}`, `${cell.className} ${[...cell.querySelectorAll(".v, b.word")].map((it) => it.textContent)}`);
  }
  return found;
}

function show() {
  const before = cells(main);
  shown = waiting.innerHTML;
  main.replaceWith(waiting);
  [main, waiting] = [waiting, null];
  document.getElementById("pill")?.remove();
  for (const row of main.querySelectorAll("tbody tr")) {
    const name = row.querySelector("th")?.textContent ?? row.rowIndex, now = cells({ querySelectorAll: () => [row] });
    for (const cell of row.cells) {
      const key = `${name} ${cell.cellIndex}`;
      if (before.get(key) !== now.get(key)) cell.classList.add("changed");
    }
  }
  tell(document);
}

function choose() {
  const button = document.createElement("button");
  button.className = "link";
  const name = () => (button.textContent = zone.local ? "show UTC" : "show local time");
  button.addEventListener("click", () => {
    localStorage.zone = zone.local ? "utc" : "local";
    name();
    tell(document);
  });
  name();
  document.querySelector("footer #fresh")?.append(" · ", button);
}

choose();
tell(document);
setInterval(fresh, SECONDS * 1000);
document.addEventListener("visibilitychange", fresh);
document.addEventListener("keydown", (event) => {
  const search = document.getElementById("q");
  if (event.key !== "/" || !search || event.target.matches("input, select") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  search.focus();
});
