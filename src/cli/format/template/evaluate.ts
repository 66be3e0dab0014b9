/** Carries out a template's tree over data; errors say where, in Go's words. */
import { messageOf } from "../../../base/errors.ts";
import { type Branch, type Command, type Expression, type Pipe, type Place, type Statement, show } from "./ast.ts";
import { lookUp } from "./fields.ts";
import { type Functions, LAZY, type ParameterType } from "./functions.ts";
import { plain, printed } from "./print.ts";
import { TemplateError } from "./template-error.ts";
import { GoMap, isList, isTrue, TypedNil, typeName, type Value } from "./value.ts";

export interface Program {
  readonly name: string;
  /** The source, for positions in messages. */
  readonly text: string;
  readonly list: readonly Statement[];
  readonly defined: ReadonlyMap<string, readonly Statement[]>;
  readonly functions: Functions;
  /** A missing map key is an error instead of no value. */
  readonly strict: boolean;
}

type Leave = "break" | "continue" | undefined;
/** The value that the pipeline's previous stage left as the last argument. */
type Final = readonly [] | readonly [Value];

/** The arguments of a field, evaluated when a method asks for them. */
interface Given {
  readonly count: number;
  readonly values: () => readonly Value[];
}
const NO_ARGUMENTS: Given = { count: 0, values: () => [] };

const MAX_DEPTH = 1000;

/** Throws TemplateError. */
export function evaluate(program: Program, data: Value): string {
  return new Evaluation(program, data).run();
}

/** One run. */
class Evaluation {
  readonly #program: Program;
  readonly #data: Value;
  readonly #out: string[] = [];
  #variables: { readonly name: string; value: Value }[];
  #place: Place = { kind: "dot", pos: 0 };
  #depth = 0;

  constructor(program: Program, data: Value) {
    this.#program = program;
    this.#data = data;
    this.#variables = [{ name: "$", value: data }];
  }

  run(): string {
    try {
      this.#walk(this.#program.list, this.#data);
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      throw new TemplateError(this.#located(messageOf(error)), { cause: error });
    }
    return this.#out.join("");
  }

  #located(reason: string): string {
    const { name, text } = this.#program;
    const { pos } = this.#place;
    const before = text.slice(0, pos);
    const newline = before.lastIndexOf("\n");
    const line = before.split("\n").length;
    const column = Buffer.byteLength(newline < 0 ? before : before.slice(newline + 1));
    return `template: ${name}:${line}:${column}: executing ${JSON.stringify(name)} at <${show(this.#place)}>: ${reason}`;
  }

  #walk(list: readonly Statement[], dot: Value): Leave {
    for (const node of list) {
      const leave = this.#statement(node, dot);
      if (leave !== undefined) return leave;
    }
    return undefined;
  }

  #statement(node: Statement, dot: Value): Leave {
    switch (node.kind) {
      case "text":
        this.#out.push(node.text);
        return undefined;
      case "print":
        this.#print(node.pipe, dot);
        return undefined;
      case "template":
        return this.#call(node, dot);
      case "if":
      case "with":
      case "range":
        return this.#scoped(() => (node.kind === "range" ? this.#range(node, dot) : this.#choose(node, dot)));
      case "break":
      case "continue":
        return node.kind;
    }
  }

  #print(pipe: Pipe, dot: Value): void {
    const value = this.#pipe(pipe, dot);
    if (pipe.variables.length === 0) this.#out.push(printed(value));
  }

  #scoped<T>(body: () => T): T {
    const outer = this.#variables.length;
    const result = body();
    this.#variables.length = outer;
    return result;
  }

  #choose(node: Branch, dot: Value): Leave {
    const value = this.#pipe(node.pipe, dot);
    if (isTrue(value)) return this.#walk(node.list, node.kind === "with" ? value : dot);
    return this.#walk(node.otherwise, dot);
  }

  #range(node: Branch, dot: Value): Leave {
    const subject = this.#pipe({ ...node.pipe, variables: [] }, dot);
    const pairs = pairsOf(subject);
    for (const [key, value] of pairs) {
      const leave = this.#scoped(() => {
        this.#bindPair(node.pipe, key, value);
        return this.#walk(node.list, value);
      });
      if (leave === "break") break;
    }
    return pairs.length === 0 ? this.#walk(node.otherwise, dot) : undefined;
  }

  /** With one variable it is the element, with two the index and the element. */
  #bindPair({ variables, assigns }: Pipe, key: Value, value: Value): void {
    const [first, second] = variables;
    if (first !== undefined) this.#bind(first, second === undefined ? value : key, assigns);
    if (second !== undefined) this.#bind(second, value, assigns);
  }

  #bind(name: string, value: Value, assigns: boolean): void {
    const known = assigns ? this.#variables.findLast((variable) => variable.name === name) : undefined;
    if (known === undefined) this.#variables.push({ name, value });
    else known.value = value;
  }

  #call(node: Statement & { kind: "template" }, dot: Value): Leave {
    this.#place = node;
    const list = this.#program.defined.get(node.name);
    if (list === undefined) throw new Error(`template ${JSON.stringify(node.name)} not defined`);
    if (++this.#depth > MAX_DEPTH) throw new Error(`exceeded maximum template depth (${MAX_DEPTH})`);
    const value = node.pipe === undefined ? undefined : this.#pipe(node.pipe, dot);
    const outer = this.#variables;
    this.#variables = [{ name: "$", value }];
    this.#walk(list, value);
    this.#variables = outer;
    this.#depth--;
    return undefined;
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    this.#place = pipe;
    let final: Final = [];
    for (const command of pipe.commands) final = [this.#command(command, dot, final)];
    const [value] = final;
    for (const name of pipe.variables) this.#bind(name, value, pipe.assigns);
    return value;
  }

  #command(command: Command, dot: Value, final: Final): Value {
    const [first, ...args] = command.args;
    if (first.kind === "function") return this.#function(command, dot, final);
    if (first.kind === "field" || first.kind === "variable" || first.kind === "chain") {
      const values = (): readonly Value[] => [...args.map((arg) => this.#argument(arg, dot, "any")), ...final];
      return this.#fields(first, dot, { count: args.length + final.length, values });
    }
    if (first.kind !== "pipe") this.#place = first;
    if (args.length + final.length > 0) throw new Error(`can't give argument to non-function ${show(first)}`);
    if (first.kind === "nil") throw new Error("nil is not a command");
    return this.#simple(first, dot);
  }

  /** An operand without arguments. */
  #simple(node: Expression, dot: Value): Value {
    switch (node.kind) {
      case "dot":
        return dot;
      case "nil":
        return null;
      case "literal":
        return node.value;
      case "pipe":
        return this.#pipe(node, dot);
      case "function":
        return this.#function({ kind: "command", pos: node.pos, args: [node] }, dot, []);
      case "field":
      case "variable":
      case "chain":
        return this.#fields(node, dot, NO_ARGUMENTS);
    }
  }

  /** Only the last name of the chain is given the arguments. */
  #fields(node: Expression & { names: readonly string[] }, dot: Value, given: Given): Value {
    this.#place = node;
    const { start, names } = this.#start(node, dot);
    if (names.length === 0 && given.count > 0) throw new Error(`can't give argument to non-function ${show(node)}`);
    let value = start;
    let untyped = false;
    names.forEach((name, index) => {
      const { count, values } = index === names.length - 1 ? given : NO_ARGUMENTS;
      const receiver = value;
      value = lookUp(receiver, { name, count, args: values, strict: this.#program.strict, untyped });
      untyped = receiver instanceof GoMap && receiver.isUntyped;
    });
    return value;
  }

  #start(node: Expression & { names: readonly string[] }, dot: Value): { start: Value; names: readonly string[] } {
    if (node.kind === "field") return { start: dot, names: node.names };
    if (node.kind === "chain") return { start: this.#argument(node.node, dot, "any"), names: node.names };
    const [variable, ...names] = node.names;
    return { start: this.#variables.findLast(({ name }) => name === variable)?.value, names };
  }

  #function(command: Command, dot: Value, final: Final): Value {
    const [node, ...args] = command.args;
    this.#place = node;
    const name = show(node);
    const called = this.#program.functions[name];
    if (called === undefined) throw new Error(`${JSON.stringify(name)} is not a defined function`);
    const { params, rest } = called;
    const count = args.length + final.length;
    if (count < params.length || (rest === undefined && count > params.length)) {
      const want = `${rest === undefined ? "" : "at least "}${params.length}`;
      throw new Error(`wrong number of args for ${name}: want ${want} got ${count}`);
    }
    const typeAt = (index: number): ParameterType => params[index] ?? rest ?? "any";
    const lazy = Object.hasOwn(LAZY, name) ? LAZY[name] : undefined;
    const values: Value[] = [];
    for (const [index, arg] of args.entries()) {
      values.push(this.#argument(arg, dot, typeAt(index)));
      if (lazy?.(values[index])) return values[index];
    }
    const given = [...values, ...final.map((value) => this.#typed(value, typeAt(args.length)))];
    try {
      return called.call(given);
    } catch (error) {
      this.#place = command;
      throw new Error(`error calling ${name}: ${messageOf(error)}`, { cause: error });
    }
  }

  #argument(node: Expression, dot: Value, type: ParameterType): Value {
    this.#place = node;
    if (node.kind === "literal" && type !== "any") checkLiteral(node.value, node.text, type);
    if (node.kind === "nil" && type !== "any") throw new Error(`cannot assign nil to ${GO_TYPE[type]}`);
    return this.#typed(this.#simple(node, dot), type);
  }

  #typed(value: Value, type: ParameterType): Value {
    if (isOfType(value, type)) return value;
    if (value === undefined || value === null) throw new Error(`invalid value; expected ${GO_TYPE[type]}`);
    throw new Error(`wrong type for value; expected ${GO_TYPE[type]}; got ${typeName(value)}`);
  }
}

const GO_TYPE: Readonly<Record<ParameterType, string>> = {
  any: "interface {}",
  string: "string",
  int: "int",
  strings: "[]string",
};
const LITERAL_TYPE: Readonly<Record<"string" | "int", string>> = { string: "string", int: "integer" };

function isOfType(value: Value, type: ParameterType): boolean {
  if (type === "any") return true;
  if (type === "int") return typeof value === "number";
  if (type === "string") return typeof value === "string";
  const isNil = value === null || value instanceof TypedNil;
  return isNil || (isList(value) && value.every((item) => typeof item === "string"));
}

function checkLiteral(value: Value, text: string, type: "string" | "int" | "strings"): void {
  if (isOfType(value, type)) return;
  if (type === "strings") throw new Error(`can't handle ${text} for arg of type []string`);
  throw new Error(`expected ${LITERAL_TYPE[type]}; found ${text}`);
}

function pairsOf(subject: Value): readonly (readonly [Value, Value])[] {
  if (isList(subject)) return subject.map((value, index) => [index, value]);
  if (subject instanceof GoMap) return subject.keys.map((key) => [key, subject.entries.get(key)]);
  if (typeof subject === "number") return Array.from({ length: Math.max(0, subject) }, (_none, at) => [at, at]);
  if (subject === undefined || subject === null || subject instanceof TypedNil) return [];
  throw new Error(`range can't iterate over ${plain(subject)}`);
}
