// The question at hand: its face, its answers, what an answer needs beside its key, and what comes next.

let asking = null;

function say(text) {
  byId("said").textContent = "";
  // a text that stays the same would not be read out again
  setTimeout(() => { byId("said").textContent = text; }, 30);
}

function show(question, keepsFocus) {
  current = question || null;
  asking = null;
  refilter();
  draw();
  if (current) scrollTo(current);
  drawQueue();
  byId("question").scrollTop = 0;
  if (!keepsFocus && document.activeElement && byId("question").contains(document.activeElement)) byId("question").focus();
}

function draw() {
  const main = byId("question");
  if (!current) {
    const isDone = decisions.size === questions.length;
    main.replaceChildren(el("h2", {}, isDone ? "Everything is decided" : "No question is chosen"),
      el("p", {}, isDone ? "Save the decisions, and give the file to: drydock review import FILE" : "Choose one in the queue, or change the filters."));
    return;
  }
  const decision = decisions.get(current.item);
  const list = answers(current);
  main.replaceChildren(...[
    face(current),
    decision ? el("p", { class: "decided" }, el("strong", {}, "Decided: "), decisionText(current, decision), decision.reason ? [" – ", value(decision.reason)] : null) : null,
    el("div", { class: "foot" }, el("div", { class: "answers", role: "group", "aria-label": "answers" }, list.map((answer) => el("button", {
      type: "button", "aria-keyshortcuts": [answer.key, answer.also].filter(Boolean).join(" "),
      "aria-pressed": String(Boolean(decision && decision.action === answer.action && decision.value === answer.value)),
      click: () => choose(answer),
    }, el("kbd", {}, answer.key), " ", answer.label))),
    asking ? askForm(asking) : el("div", { class: "ask" }, el("label", {}, "reason (not needed)", el("input", { id: "reason", autocomplete: "off", maxlength: "300" })))),
  ].flat(Infinity).filter(Boolean));
}

// Decides by an answer, or asks for what it needs.
function choose(answer) {
  if (answer.needs) {
    asking = answer;
    draw();
    const first = byId("given") || byId("reason");
    if (first) first.focus();
    return;
  }
  const reason = byId("reason") ? byId("reason").value.trim() : "";
  settle({ action: answer.action, value: answer.value, reason });
}

function settle(decision) {
  const question = current;
  if (!decideSoundly([{ question, ...decision }])) return;
  say("decided: " + decisionText(question, decision));
  const next = nextOpen();
  show(next || question);
}

const LABELS = { record: "legacy id or a part of the name", id: "legacy id of the record that stays", value: "the right value", reason: "" };

function askForm(answer) {
  const isReason = answer.needs === "reason";
  const given = el("input", { id: "given", autocomplete: "off", maxlength: "300", input: () => find(answer) });
  if (answer.needs === "value" && current.current) given.value = current.current;
  return el("form", {
    class: "ask", submit: (event) => {
      event.preventDefault();
      const text = isReason ? "" : given.value.trim();
      const reason = byId("reason").value.trim();
      if (!isReason && !text) return say("it needs a value");
      if (isReason && !reason) return say("it needs a reason");
      if (["record", "id"].includes(answer.needs) && !/^-?\d+$/.test(text)) return say("give the legacy id, or choose one that is found");
      if (answer.needs === "record" && answer.action === "choose" && current.leads_to === "practices" && !data.practices[text]) return say("there is no practice " + text + " that is loaded");
      return settle({ action: answer.action, value: text, reason });
    },
  },
  isReason ? null : el("label", {}, answer.label + ": " + LABELS[answer.needs], given),
  el("label", {}, isReason ? answer.label + ": the reason" : "reason (not needed)", el("input", { id: "reason", autocomplete: "off", maxlength: "300" })),
  el("button", { type: "submit", class: "main" }, "decide"),
  el("button", { type: "button", click: () => { asking = null; draw(); byId("question").focus(); } }, "back"),
  answer.needs === "record" ? el("ul", { class: "found", id: "found", "aria-label": "found" }) : null);
}

// Records whose name or id has the text.
function find(answer) {
  const list = byId("found");
  if (!list) return;
  const text = byId("given").value.trim().toLowerCase();
  const all = current.leads_to === "practices" ? Object.keys(data.practices) : data.staff.map(String);
  const hits = text ? all.filter((id) => named(current.leads_to, id).toLowerCase().includes(text)).slice(0, 12) : [];
  list.replaceChildren(...hits.map((id) => el("li", {}, el("button", {
    type: "button", click: () => settle({ action: answer.action, value: id, reason: byId("reason").value.trim() }),
  }, value(named(current.leads_to, id))))));
}

function takeBack() {
  const back = undo();
  if (!back.length) return say("there is nothing to undo");
  say(back.length === 1 ? "undone" : "undone: " + back.length + " decisions");
  return show(back[0]);
}
