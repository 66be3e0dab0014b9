const { equal } = require("node:assert");
const { test } = require("node:test");
const { greet } = require("greeting");

test("greets", () => equal(greet("you"), "hello you\n"));
