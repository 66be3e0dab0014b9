/** All containers of the engine, found by id, by unique id prefix, or by name. */
import type { ContainerId } from "../../base/ids.ts";
import * as messages from "../messages.ts";
import type { Container } from "./container.ts";

const HEX_PREFIX = /^[0-9a-f]{1,64}$/;

export class Registry {
  readonly #byId = new Map<ContainerId, Container>();
  readonly #byName = new Map<string, ContainerId>();

  add(container: Container): void {
    this.#byId.set(container.id, container);
    this.#byName.set(container.name, container.id);
  }

  delete(container: Container): void {
    this.#byId.delete(container.id);
    if (this.#byName.get(container.name) === container.id) this.#byName.delete(container.name);
  }

  /** Takes the new name before the old one is given up. Throws a conflict when somebody has it. */
  rename(container: Container, name: string): void {
    this.checkFree(name);
    const old = container.name;
    container.rename(name);
    this.#byName.set(name, container.id);
    this.#byName.delete(old);
  }

  checkFree(name: string): void {
    const owner = this.#byName.get(name);
    if (owner !== undefined) throw messages.nameTaken(name, owner);
  }

  isFree(name: string): boolean {
    return !this.#byName.has(name);
  }

  all(): Container[] {
    return [...this.#byId.values()];
  }

  byId(id: ContainerId): Container | undefined {
    return this.#byId.get(id);
  }

  /** Full id first, then name, link, then id prefix, as moby's GetContainer does. */
  find(ref: string): Container {
    if (ref === "") throw messages.emptyReference();
    const exact = this.#byId.get(ref as ContainerId);
    if (exact !== undefined) return exact;
    const named = this.#byName.get(ref.startsWith("/") ? ref.slice(1) : ref);
    const byName = named === undefined ? undefined : this.#byId.get(named);
    if (byName !== undefined) return byName;
    const linked = this.#findLinked(ref);
    if (linked !== undefined) return linked;
    return this.#findPrefix(ref);
  }

  /** "/web/database": the container that "web" is linked to under this alias. */
  #findLinked(ref: string): Container | undefined {
    const [parentName = "", alias, ...rest] = ref.replace(/^\//, "").split("/");
    const parentId = this.#byName.get(parentName);
    if (alias === undefined || rest.length > 0 || parentId === undefined) return undefined;
    const links = this.#byId.get(parentId)?.spec.hostConfig.Links ?? [];
    const [id] = links.find((link) => link.endsWith(`:${alias}`))?.split(":") ?? [];
    return id === undefined ? undefined : this.#byId.get(id as ContainerId);
  }

  #findPrefix(ref: string): Container {
    if (!HEX_PREFIX.test(ref)) throw messages.noSuchContainer(ref);
    const matches = this.all().filter((container) => container.id.startsWith(ref));
    if (matches.length > 1) throw messages.ambiguousId(ref);
    const [match] = matches;
    if (match === undefined) throw messages.noSuchContainer(ref);
    return match;
  }
}
