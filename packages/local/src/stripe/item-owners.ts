/** Which subscription an item belongs to, by their ids. */
export class ItemOwners {
  readonly #owners = new Map<string, string>();
  /** Asked for items that were not made here. */
  elsewhere: (item: string) => string | undefined = () => undefined;

  set(item: string, subscription: string): void {
    this.#owners.set(item, subscription);
  }

  /** Of every item that was made here, those that were taken out again too. */
  made(): Iterable<readonly [item: string, subscription: string]> {
    return this.#owners;
  }

  get(item: string): string | undefined {
    return this.#owners.get(item) ?? this.elsewhere(item);
  }
}
