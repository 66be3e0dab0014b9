/** Who uses a volume at this moment. The first one has it mounted, the others wait for that. */

interface Use {
  readonly users: Set<string>;
  readonly ready: Promise<void>;
}

export class Users {
  readonly #uses = new Map<string, Use>();
  readonly #mount: (name: string) => Promise<void>;

  constructor(mount: (name: string) => Promise<void>) {
    this.#mount = mount;
  }

  /** Rejects, and `user` is none, when it cannot be mounted. */
  async add(name: string, user: string): Promise<void> {
    const use = this.#uses.get(name) ?? { users: new Set(), ready: this.#mount(name) };
    this.#uses.set(name, use);
    use.users.add(user);
    try {
      await use.ready;
    } catch (error) {
      use.users.delete(user);
      if (this.#uses.get(name) === use) this.#uses.delete(name);
      throw error;
    }
  }

  /** It is mounted already, if it ever is. */
  adopt(name: string, user: string): void {
    const use = this.#uses.get(name) ?? { users: new Set(), ready: Promise.resolve() };
    this.#uses.set(name, use);
    use.users.add(user);
  }

  /** False when it was no user. */
  remove(name: string, user: string): boolean {
    const use = this.#uses.get(name);
    if (use === undefined || !use.users.delete(user)) return false;
    if (use.users.size === 0) this.#uses.delete(name);
    return true;
  }

  count(name: string): number {
    return this.#uses.get(name)?.users.size ?? 0;
  }
}
