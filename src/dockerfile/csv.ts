/** One line of comma-separated values, fields in double quotes where they hold commas (RFC 4180). Pure. */
import { DockerfileError } from "./place.ts";

/** Throws DockerfileError for quotes out of place. */
export function parse(line: string): string[] {
  const fields: string[] = [];
  for (let at = 0; at <= line.length; ) {
    const { field, end } = line.charAt(at) === '"' ? quotedField(line, at) : bareField(line, at);
    fields.push(field);
    at = end + 1;
  }
  return fields;
}

interface Field {
  readonly field: string;
  /** Of the comma behind it, or of the line. */
  readonly end: number;
}

function bareField(line: string, start: number): Field {
  const comma = line.indexOf(",", start);
  const end = comma === -1 ? line.length : comma;
  const field = line.slice(start, end);
  const quote = field.indexOf('"');
  if (quote !== -1) throw problem(start + quote, 'bare " in non-quoted-field');
  return { field, end };
}

function quotedField(line: string, start: number): Field {
  let field = "";
  for (let at = start + 1; at < line.length; at++) {
    if (line.charAt(at) !== '"') {
      field += line.charAt(at);
    } else if (line.charAt(at + 1) === '"') {
      field += '"';
      at++;
    } else if (at + 1 === line.length || line.charAt(at + 1) === ",") {
      return { field, end: at + 1 };
    } else {
      throw problem(at, 'extraneous or missing " in quoted-field');
    }
  }
  throw problem(line.length, 'extraneous or missing " in quoted-field');
}

/** Columns are counted from 1, as encoding/csv does. */
const problem = (at: number, what: string): DockerfileError =>
  new DockerfileError(`failed to parse csv mounts: parse error on line 1, column ${at + 1}: ${what}`);
