/** A store, or anything else, with some of its methods replaced. */

/** `target` with `replacements` in the place of its own methods; everything else passes through. */
export function replacing<Target extends object>(target: Target, replacements: Partial<Target>): Target {
  return new Proxy(target, {
    get(_target, name) {
      if (Object.hasOwn(replacements, name)) return Reflect.get(replacements, name) as unknown;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
