// What happens when: keys, filters, progress.

let lettersWork = true;

function drawProgress() {
  const done = questions.filter(isDecided).length;
  byId("progress").max = questions.length || 1;
  byId("progress").value = done;
  byId("count").textContent = done + " of " + questions.length;
  byId("save").textContent = isSaved ? "Save decisions" : "Save decisions ●";
}

function isTyping(target) {
  const kinds = ["checkbox", "button", "file"];
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && !kinds.includes(target.type));
}

const COMMANDS = {
  j: () => show(neighbour(1)), k: () => show(neighbour(-1)), u: takeBack, w: save, "?": showKeys,
  d: () => current && showAlike(current), "/": () => byId("find").focus(),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && document.activeElement) {
    if (asking) { asking = null; draw(); }
    byId("question").focus();
    return;
  }
  if (document.activeElement === byId("queue")) {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -1e6, End: 1e6 }[event.key];
    if (by) {
      event.preventDefault();
      show(neighbour(by));
      return;
    }
  }
  if (!lettersWork || isTyping(event.target)) return;
  const answer = current && answers(current).find(({ key, also }) => key === event.key || also === event.key);
  const command = answer ? () => choose(answer) : COMMANDS[event.key];
  if (!command) return;
  event.preventDefault();
  // a key that is held down decides once
  if (event.repeat && !["j", "k"].includes(event.key)) return;
  command();
}

function offerOlder(older) {
  if (!older.length) return;
  const notice = byId("trouble");
  notice.hidden = false;
  notice.replaceChildren(older.length + " decisions from an earlier page of this file are kept in this browser. ", el("button", {
    type: "button", click: () => {
      const { taken } = take(older);
      isSaved = false;
      trouble("");
      changed();
      show(nextOpen() || current);
      say(taken + " decisions are taken over");
    },
  }, "take them over"));
}

function start() {
  setUpFilters();
  const older = recall();
  for (const id of ["kind", "practice", "severity", "state", "order"]) {
    byId(id).addEventListener("change", () => { current = null; refilter(); show(shownQuestions[0], true); });
  }
  byId("find").addEventListener("input", () => { current = null; byId("queue").scrollTop = 0; refilter(); show(shownQuestions[0], true); });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("queue").addEventListener("scroll", drawQueue, { passive: true });
  window.addEventListener("resize", drawQueue);
  byId("save").addEventListener("click", save);
  byId("help").addEventListener("click", showKeys);
  byId("by").addEventListener("change", keep);
  byId("restore").addEventListener("click", () => byId("saved").click());
  byId("saved").addEventListener("change", (event) => { if (event.target.files[0]) restore(event.target.files[0]); event.target.value = ""; });
  document.addEventListener("keydown", onKey);
  watchers.push(drawProgress, drawQueue);
  keep();
  drawProgress();
  refilter();
  show(shownQuestions[0]);
  offerOlder(older);
}

start();
