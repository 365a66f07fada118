// What was decided on this page: kept in the browser by the file and its journal's head, and every step can be undone.

const PREFIX = "drydock-review:" + data.file + ":";
const KEY = PREFIX + data.head + (data.redacted ? ":rehearsal" : "");
const decisions = new Map();
const steps = [];
const watchers = [];
let isKept = true;
let isSaved = true;

function trouble(text) {
  byId("trouble").textContent = text;
  byId("trouble").hidden = !text;
}

function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch (_) {
    return null;
  }
}

function keep() {
  const all = [...decisions].map(([item, decision]) => ({ item, ...decision }));
  try {
    localStorage.setItem(KEY, JSON.stringify({ items: all, by: byId("by").value, saved: isSaved }));
    isKept = true;
  } catch (_) {
    isKept = false;
    trouble("This browser keeps nothing for this page: save the decisions often.");
  }
}

// Decisions of a file or of the browser, as far as their question is on this page and looks as it did.
function take(items) {
  let taken = 0;
  let stale = 0;
  const step = [];
  for (const { item, action, value: given, reason, seen } of items) {
    const question = byItem.get(item);
    const isWord = [given, reason].every((text) => text === undefined || text === null || typeof text === "string");
    if (!question || question.seen !== seen || !question.answers.includes(action) || !isWord) {
      stale += 1;
      continue;
    }
    step.push([item, decisions.get(item)]);
    decisions.set(item, { action, value: given || "", reason: reason || "", seen });
    taken += 1;
  }
  if (step.length) steps.push(step);
  return { taken, stale };
}

function changed() {
  keep();
  for (const watcher of watchers) watcher();
}

// Decides questions in one step: each with its action, value and reason.
function decide(list) {
  const step = [];
  for (const { question, action, value: given, reason } of list) {
    step.push([question.item, decisions.get(question.item)]);
    decisions.set(question.item, { action, value: given || "", reason: reason || "", seen: question.seen });
  }
  steps.push(step);
  isSaved = false;
  changed();
}

// Takes the last step back; the questions that it was about.
function undo() {
  const step = steps.pop();
  if (!step) return [];
  for (const [item, before] of step) {
    if (before) decisions.set(item, before);
    else decisions.delete(item);
  }
  isSaved = decisions.size === 0;
  changed();
  return step.map(([item]) => byItem.get(item));
}

function isDecided(question) {
  return decisions.has(question.item);
}

// What this browser kept of this very page, and of pages made of the same file before.
function recall() {
  const own = stored(KEY);
  if (own && Array.isArray(own.items)) {
    take(own.items);
    steps.length = 0;
    isSaved = own.saved !== false || decisions.size === 0;
    if (typeof own.by === "string") byId("by").value = own.by;
  }
  const older = [];
  try {
    for (let place = 0; place < localStorage.length; place += 1) {
      const key = localStorage.key(place);
      const isOlder = key.startsWith(PREFIX) && key !== KEY && key.endsWith(":rehearsal") === data.redacted;
      if (isOlder && decisions.size === 0) older.push(...((stored(key) || {}).items || []));
    }
  } catch (_) {
    isKept = false;
  }
  return older.filter(({ item, seen }) => byItem.has(item) && byItem.get(item).seen === seen);
}

// Removes what this browser keeps of every page of this file.
function forget() {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    for (const key of keys) localStorage.removeItem(key);
  } catch (_) {
    isKept = false;
  }
}

window.addEventListener("beforeunload", (event) => {
  if (!isSaved) event.preventDefault();
});

window.addEventListener("storage", (event) => {
  if (event.key !== KEY || event.newValue === null) return;
  decisions.clear();
  take((stored(KEY) || {}).items || []);
  steps.length = 0;
  for (const watcher of watchers) watcher();
});
