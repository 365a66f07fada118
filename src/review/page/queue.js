// The queue: filtered, in an order, and drawn only where it is visible, so that ten thousand questions are no more work than ten.

const ROW = 52;
const SEVERITIES = ["critical", "high", "medium", "low"];
const ORDERS = {
  urgent: "most urgent first", look: "what a look brings", kind: "kind", id: "legacy id",
};
const STATES = { undecided: "undecided", all: "all", decided: "decided here", escalated: "passed on" };
let shownQuestions = [];
let current = null;

function options(select, pairs) {
  const chosen = select.value;
  select.replaceChildren(...pairs.map(([key, label]) => el("option", { value: key }, label)));
  if (pairs.some(([key]) => key === chosen)) select.value = chosen;
}

function counted(keysOf) {
  const many = new Map();
  for (const question of questions) for (const key of keysOf(question)) many.set(key, (many.get(key) || 0) + 1);
  return [...many].sort((one, other) => other[1] - one[1]);
}

function setUpFilters() {
  const all = [["", "all (" + questions.length + ")"]];
  options(byId("kind"), all.concat(counted((question) => [kindOf(question)]).map(([kind, many]) => [kind, words(kind) + " (" + many + ")"])));
  options(byId("practice"), all.concat(counted(practicesOf).map(([id, many]) => [id, practiceName(id) + " (" + many + ")"])));
  const severities = new Map(counted((question) => [question.severity]));
  options(byId("severity"), all.concat(SEVERITIES.filter((word) => severities.has(word)).map((word) => [word, word + " (" + severities.get(word) + ")"])));
  options(byId("state"), Object.entries(STATES));
  options(byId("order"), Object.entries(ORDERS));
}

function idsOf(question) {
  const person = data.people[question.user] || {};
  return [question.legacy_id, question.user, question.other, person.patient].map(String);
}

function isFound(question, text) {
  if (!text) return true;
  if (/^-?\d+$/.test(text)) return idsOf(question).some((id) => id.startsWith(text));
  const names = [recordName(question), question.other === null ? "" : personName(question.other), question.item];
  return names.some((name) => name.toLowerCase().includes(text));
}

function isInState(question, state) {
  const decision = decisions.get(question.item);
  if (state === "undecided") return !decision;
  if (state === "decided") return Boolean(decision);
  if (state === "escalated") return decision ? decision.action === "escalate" : question.status === "escalated";
  return true;
}

function lookValue(question) {
  return question.pair ? question.pair.look_value || 0 : 0;
}

const ORDERED = {
  urgent: (one, other) => one.place - other.place,
  look: (one, other) => lookValue(other) - lookValue(one) || one.place - other.place,
  kind: (one, other) => kindOf(one).localeCompare(kindOf(other)) || one.alike - other.alike || one.place - other.place,
  id: (one, other) => one.legacy_id - other.legacy_id || one.place - other.place,
};

// Looks for the questions anew; the one at hand stays in sight until another is gone to.
function refilter() {
  const [kind, practice, severity, state] = ["kind", "practice", "severity", "state"].map((id) => byId(id).value);
  const text = byId("find").value.trim().toLowerCase();
  const order = ORDERED[byId("order").value] || ORDERED.urgent;
  // an id that is whole comes before those that begin like it
  const isOther = (question) => (text && !idsOf(question).includes(text) ? 1 : 0);
  shownQuestions = questions
    .filter((question) => (!kind || kindOf(question) === kind)
      && (!severity || question.severity === severity)
      && (!practice || practicesOf(question).includes(practice))
      && (question === current || isInState(question, state)) && isFound(question, text))
    .sort((one, other) => isOther(one) - isOther(other) || order(one, other));
  byId("shown").textContent = shownQuestions.length === 0 ? "no question is like that" : shownQuestions.length + " in the queue";
  byId("queue").hidden = shownQuestions.length === 0;
  drawQueue();
}

function row(question, place) {
  const decision = decisions.get(question.item);
  const state = decision ? (decision.action === "escalate" ? " passed" : " done") : "";
  const made = el("div", {
    role: "option", id: "row-" + question.place, class: "row" + state, "aria-selected": String(question === current),
    "aria-posinset": place + 1, "aria-setsize": shownQuestions.length, click: () => show(question),
  }, el("b", {}, plain(recordName(question))), el("span", { class: "soft" }, decision ? decisionText(question, decision) : words(kindOf(question)) + " · " + question.severity));
  made.style.top = place * ROW + "px";
  return made;
}

function drawQueue() {
  const queue = byId("queue");
  const first = Math.max(0, Math.floor(queue.scrollTop / ROW) - 6);
  const last = Math.min(shownQuestions.length, first + Math.ceil((queue.clientHeight || 600) / ROW) + 12);
  byId("rows").style.height = shownQuestions.length * ROW + "px";
  byId("rows").replaceChildren(...shownQuestions.slice(first, last).map((question, place) => row(question, first + place)));
  const isDrawn = current && byId("row-" + current.place);
  if (isDrawn) queue.setAttribute("aria-activedescendant", "row-" + current.place);
  else queue.removeAttribute("aria-activedescendant");
}

function scrollTo(question) {
  const queue = byId("queue");
  const top = shownQuestions.indexOf(question) * ROW;
  if (top < queue.scrollTop) queue.scrollTop = top;
  if (top + ROW > queue.scrollTop + queue.clientHeight) queue.scrollTop = top + ROW - queue.clientHeight;
}

// The question so many places further on in the queue.
function neighbour(by) {
  const place = shownQuestions.indexOf(current);
  return shownQuestions[Math.max(0, Math.min(shownQuestions.length - 1, place + by))];
}

// The next question that is not decided, from here on and then from the top.
function nextOpen() {
  const place = shownQuestions.indexOf(current);
  const rest = shownQuestions.slice(place + 1).concat(shownQuestions.slice(0, Math.max(0, place)));
  return rest.find((question) => !isDecided(question));
}
