/**
 * Messages of Protocol Buffers described as data, from which their types follow: `const Stat = message({ path: string(1) })`,
 * `type Stat = MessageOf<typeof Stat>`. proto3: what is not there has its kind's default.
 */
import { ProtoReader } from "./reader.ts";
import { ProtoWriter } from "./writer.ts";

export interface Field<T> {
  readonly number: number;
  /** What it is when it is not there: one value for all messages, which nobody changes. */
  readonly absent: T;
  readonly write: (writer: ProtoWriter, value: T) => void;
  /** Joins what comes with what came before. */
  readonly read: (reader: ProtoReader, before: T, type: number) => T;
}

export interface Message<T> {
  readonly fields: ReadonlyMap<number, readonly [name: string, field: Field<unknown>]>;
  /** Copied for each message. */
  readonly empty: T;
}

export type MessageOf<M> = M extends Message<infer T> ? T : never;

/** What may be given to be sent: any part of a message. */
export type Sendable<T> = T extends Uint8Array | string | number | bigint | boolean | undefined
  ? T
  : T extends ReadonlyMap<string, infer V>
    ? ReadonlyMap<string, Sendable<V>>
    : T extends readonly (infer Item)[]
      ? readonly Sendable<Item>[]
      : { readonly [Name in keyof T]?: Sendable<T[Name]> | undefined };

type Shape<F> = { -readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never };

export function message<F extends Readonly<Record<string, unknown>>>(fields: F): Message<Shape<F>> {
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  return {
    fields: new Map(entries.map(([name, field]) => [field.number, [name, field]])),
    empty: Object.fromEntries(entries.map(([name, field]) => [name, field.absent])) as Shape<F>,
  };
}

/** Fields that are not given, or have their default, are not sent. */
export function encode<T>(type: Message<T>, value: Sendable<T>): Uint8Array {
  const writer = new ProtoWriter();
  encodeInto(writer, type, value);
  return writer.finish();
}

/** The same after what a writer has. */
export function encodeInto<T>(writer: ProtoWriter, type: Message<T>, value: Sendable<T>): void {
  const values = value as Readonly<Record<string, unknown>>;
  for (const [name, field] of type.fields.values()) {
    if (values[name] !== undefined) field.write(writer, values[name]);
  }
}

/** Fields that the message does not know are passed over. Throws invalidParameter for bytes that are no message. */
export const decode = <T>(type: Message<T>, bytes: Uint8Array): T => decodeFrom(type, ProtoReader.of(bytes));

/** The same for what a reader has left. */
export function decodeFrom<T>(type: Message<T>, reader: ProtoReader): T {
  const result = { ...type.empty };
  const values = result as Record<string, unknown>;
  while (reader.more()) {
    const tag = reader.varint();
    const [name, field] = type.fields.get(Math.floor(tag / 8)) ?? [];
    if (name === undefined || field === undefined) reader.skip(tag % 8);
    else values[name] = field.read(reader, values[name], tag % 8);
  }
  return result;
}
