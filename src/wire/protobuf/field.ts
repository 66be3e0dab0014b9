/** The kinds of fields a message can have: how each is written after its tag, read again, and what it is worth when absent. */
import { decodeFrom, encodeInto, type Field, type Message, type Sendable } from "./message.ts";
import type { ProtoReader } from "./reader.ts";
import type { ProtoWriter, WireType } from "./writer.ts";

interface Kind<T> {
  readonly type: WireType;
  /** One value for all messages: nobody changes what is decoded. */
  readonly zero: T;
  readonly isZero: (value: T) => boolean;
  readonly write: (writer: ProtoWriter, value: T) => void;
  readonly read: (reader: ProtoReader) => T;
}

const STRING: Kind<string> = {
  type: 2,
  zero: "",
  isZero: (value) => value === "",
  write: (writer, value) => writer.text(value),
  read: (reader) => reader.text(),
};
const BYTES: Kind<Uint8Array> = {
  type: 2,
  zero: new Uint8Array(),
  isZero: (value) => value.length === 0,
  write: (writer, value) => writer.bytes(value),
  read: (reader) => reader.bytes(),
};
const INTEGER: Kind<number> = {
  type: 0,
  zero: 0,
  isZero: (value) => value === 0,
  write: (writer, value) => (value < 0 ? writer.varint64(BigInt(value)) : writer.varint(value)),
  read: (reader) => reader.signed(),
};
const BIGINT: Kind<bigint> = {
  type: 0,
  zero: 0n,
  isZero: (value) => value === 0n,
  write: (writer, value) => writer.varint64(value),
  read: (reader) => BigInt.asIntN(64, reader.varint64()),
};
const BOOLEAN: Kind<boolean> = {
  type: 0,
  zero: false,
  isZero: (value) => !value,
  write: (writer, value) => writer.varint(value ? 1 : 0),
  read: (reader) => reader.varint64() !== 0n,
};
const DOUBLE: Kind<number> = {
  type: 1,
  zero: 0,
  isZero: (value) => value === 0,
  write: (writer, value) => writer.float64(value),
  read: (reader) => reader.float64(),
};

function messageKind<T>(type: () => Message<T>): Kind<T> {
  return {
    type: 2,
    get zero() {
      return type().empty;
    },
    isZero: () => false,
    write: (writer, value) => writer.inner(() => encodeInto(writer, type(), value as Sendable<T>)),
    read: (reader) => decodeFrom(type(), reader.inner()),
  };
}

const single =
  <T>(kind: Kind<T>) =>
  (number: number): Field<T> => ({
    number,
    absent: kind.zero,
    write: (writer, value) => {
      if (!kind.isZero(value)) kind.write(writer.tag(number, kind.type), value);
    },
    read: (reader, before, type) => {
      if (type === kind.type) return kind.read(reader);
      reader.skip(type);
      return before;
    },
  });

/** In order; numbers that are packed into one field are read as well. */
const list =
  <T>(kind: Kind<T>) =>
  (number: number): Field<T[]> => {
    const absent: T[] = [];
    return {
      number,
      absent,
      write: (writer, values) => {
        for (const value of values) kind.write(writer.tag(number, kind.type), value);
      },
      read: (reader, before, type) => {
        const values = before === absent ? [] : before;
        if (type === kind.type) values.push(kind.read(reader));
        else if (type === 2) {
          const packed = reader.inner();
          while (packed.more()) values.push(kind.read(packed));
        } else reader.skip(type);
        return values;
      },
    };
  };

const map =
  <T>(kind: Kind<T>) =>
  (number: number): Field<Map<string, T>> => {
    const absent = new Map<string, T>();
    const entry = entryOf(kind);
    return {
      number,
      absent,
      write: (writer, values) => {
        for (const [key, value] of values) messageKind(entry).write(writer.tag(number, 2), { key, value });
      },
      read: (reader, before) => {
        const { key, value } = decodeFrom(entry(), reader.inner());
        return (before === absent ? new Map<string, T>() : before).set(key, value);
      },
    };
  };

/** How a map's entries are sent. Made when it is first needed: kinds of messages may need each other. */
function entryOf<T>(kind: Kind<T>): () => Message<{ key: string; value: T }> {
  let made: Message<{ key: string; value: T }> | undefined;
  return () => {
    made ??= {
      fields: new Map<number, readonly [string, Field<unknown>]>([
        [1, ["key", single(STRING)(1) as Field<unknown>]],
        [2, ["value", single(kind)(2) as Field<unknown>]],
      ]),
      empty: { key: "", value: kind.zero },
    };
    return made;
  };
}

export const string: (number: number) => Field<string> = single(STRING);
export const bytes: (number: number) => Field<Uint8Array> = single(BYTES);
/** int32, uint32, an enum, and 64-bit numbers that are known to be small (up to 2^53). */
export const integer: (number: number) => Field<number> = single(INTEGER);
export const bigint: (number: number) => Field<bigint> = single(BIGINT);
export const boolean: (number: number) => Field<boolean> = single(BOOLEAN);
export const double: (number: number) => Field<number> = single(DOUBLE);
export const strings: (number: number) => Field<string[]> = list(STRING);
export const bytesList: (number: number) => Field<Uint8Array[]> = list(BYTES);
export const integers: (number: number) => Field<number[]> = list(INTEGER);
export const stringMap: (number: number) => Field<Map<string, string>> = map(STRING);
export const booleanMap: (number: number) => Field<Map<string, boolean>> = map(BOOLEAN);
export const bytesMap: (number: number) => Field<Map<string, Uint8Array>> = map(BYTES);

/** Another message; undefined when absent. */
export function nested<T>(number: number, type: () => Message<T>): Field<T | undefined> {
  const kind = messageKind(type);
  return {
    number,
    absent: undefined,
    write: (writer, value) => {
      if (value !== undefined) kind.write(writer.tag(number, 2), value);
    },
    read: (reader) => kind.read(reader),
  };
}

export const nestedList = <T>(number: number, type: () => Message<T>): Field<T[]> => list(messageKind(type))(number);
export const nestedMap = <T>(number: number, type: () => Message<T>): Field<Map<string, T>> =>
  map(messageKind(type))(number);
