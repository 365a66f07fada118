"use strict";
// The questions and what they speak of, and the one way by which they get onto the page: as text, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const questions = data.questions;
const byItem = new Map(questions.map((question) => [question.item, question]));
questions.forEach((question, place) => { question.place = place; });

const FIELDS = [
  ["first_name", "first name"], ["last_name", "last name"], ["suffix", "suffix"], ["birthdate", "birthdate"], ["sex", "sex"],
  ["email", "email"], ["username", "username"], ["practice", "practice"], ["doctor", "doctor"], ["joined", "joined"],
  ["last_login", "last login"], ["active", "active"], ["archived", "archived"],
];

const FACES = {
  pair: "possible duplicates", practice: "practice of a person", reference: "a reference that leads nowhere",
  email: "an email address", value: "a value", record: "a record", changed: "changed since it was decided",
};

const byId = (id) => document.getElementById(id);

// An element with attributes, listeners (as functions) and children; texts stay texts.
function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

// What cannot be seen, or turns the direction of what follows, is shown as what it is.
const HIDDEN = /[\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/;

function hiddenAs(character) {
  return "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
}

function value(text) {
  if (text === undefined || text === null || text === "") return el("span", { class: "soft" }, "–");
  const shown = el("bdi", {});
  let run = "";
  for (const character of String(text)) {
    if (HIDDEN.test(character)) {
      shown.append(run, el("span", { class: "control" }, hiddenAs(character)));
      run = "";
    } else {
      run += character;
    }
  }
  shown.append(run);
  return shown;
}

// The same in a place that takes only text, such as a list's label.
function plain(text) {
  return Array.from(String(text), (character) => (HIDDEN.test(character) ? hiddenAs(character) : character)).join("");
}

function words(name) {
  return String(name).replaceAll("_", " ");
}

// A sentence of words that begin a line in the file.
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

function personName(id) {
  const person = data.people[id];
  if (!person) return "user " + id + " (not in the snapshot)";
  const name = [person.first_name, person.last_name].filter(Boolean).join(" ");
  return (name || "nameless") + " (" + id + ")";
}

function practiceName(id) {
  return data.practices[id] ? id + " " + data.practices[id] : id + " (not ready)";
}

function named(kind, id) {
  if (kind === "practices") return practiceName(id);
  return kind === "profiles" ? personName(id) : words(kind || "") + " " + id;
}

function recordName(question) {
  const cell = question.row.find(([name]) => name === "name");
  if (question.user !== null && data.people[question.user]) return personName(question.user);
  return (cell && cell[1]) || words(question.entity) + " " + question.legacy_id;
}

function kindOf(question) {
  const codes = question.issues.map((issue) => issue.code);
  return codes[0] || question.face;
}

// The practices that a question is about, for the filter.
function practicesOf(question) {
  const person = data.people[question.user] || {};
  const other = data.people[question.other] || {};
  const own = question.row.filter(([name]) => name === "office_id").map(([, id]) => id);
  const leads = question.face === "practice" ? question.candidates : [];
  return [...new Set([person.practice, other.practice, ...own, ...leads].filter(Boolean).map(String))];
}

function share(probability) {
  if (probability > 0.9995) return "more than 99.9 %";
  if (probability < 0.0005) return "less than 0.1 %";
  return (100 * probability).toFixed(1) + " %";
}

function bits(number) {
  return (number < 0 ? "−" : "+") + Math.abs(number).toFixed(1);
}
