/** A template that cannot be parsed or carried out; the message is Go's, beginning "template: ". */

export class TemplateError extends Error {
  override readonly name = "TemplateError";
}
