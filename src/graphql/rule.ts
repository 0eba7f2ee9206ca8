/** Input rules: class-validator decorators with a stable code, and what breaks them: where, and by how much. */
import {
  getMetadataStorage,
  ValidateBy,
  validateSync,
  ValidationTypes,
  type ValidationArguments,
} from 'class-validator';
import {
  ServiceError,
  type FieldError,
  type FieldErrorCode,
  type FieldErrorParameters,
  type ServiceErrorDetails,
} from '../errors.js';

/** More mistakes than this are not listed: an answer must not grow with what was sent. */
export const MAX_FIELD_ERRORS = 100;

/** Where a value breaks a rule, as a path below it (`[]` for the whole value), and by how much. */
interface Mistake {
  readonly below: readonly string[];
  readonly parameters?: FieldErrorParameters;
}

const NOWHERE: readonly Mistake[] = [];
const AS_A_WHOLE: readonly Mistake[] = [{ below: [] }];

type FindMistakes = (value: unknown, input: object) => readonly Mistake[];

/** Elements of a list that rules look at. Every list has a rule that refuses more. */
const MAX_ELEMENTS = 100;

interface BrokenRule {
  readonly property: string;
  readonly code: FieldErrorCode;
  readonly message: string;
  readonly mistakes: readonly Mistake[];
}

/** The rules that the input that is being checked breaks, by property and code. */
let found = new Map<string, BrokenRule>();
/** Whether all rules have looked at it already: each runs once. */
let isSearched = false;

/** Declares a rule; `find` runs as a class-validator constraint and finds where the value breaks it. */
function rule(code: FieldErrorCode, message: string, find: FindMistakes): PropertyDecorator {
  return ValidateBy({
    name: code,
    validator: {
      validate(value: unknown, args?: ValidationArguments) {
        const { property = '', object = {} } = args ?? {};
        if (isSearched) return !found.has(nameOf(property, code));
        const mistakes = find(value, object);
        if (mistakes.length > 0) found.set(nameOf(property, code), { property, code, message, mistakes });
        return mistakes.length === 0;
      },
      defaultMessage: () => message,
    },
  });
}

const nameOf = (property: string, code: string): string => `${property} ${code}`;

/**
 * A rule of the whole value. `holds` is not asked about an absent value. Its parameters are `never` so that each rule can
 * name the types of its own field: GraphQL has checked the value against them, and a decorator cannot infer them.
 */
export function Holds(
  code: FieldErrorCode,
  message: string,
  holds: (value: never, input: never) => boolean,
): PropertyDecorator {
  return rule(code, message, (value, input) =>
    value == null || holds(value as never, input as never) ? NOWHERE : AS_A_WHOLE,
  );
}

/** A rule of each element of a list, up to `MAX_ELEMENTS`; the path of a mistake names the index. */
export function EachHolds<Element>(
  code: FieldErrorCode,
  message: string,
  holds: (element: Element, index: number, list: readonly Element[]) => boolean,
): PropertyDecorator {
  return rule(code, message, (value) =>
    ((value ?? []) as Element[])
      .slice(0, MAX_ELEMENTS)
      .flatMap((element, index, list) => (holds(element, index, list) ? [] : [{ below: [String(index)] }])),
  );
}

/** What has a length: a text in UTF-16 units, a list in elements. */
interface Long {
  readonly length: number;
}

const tooLong = (max: number, { length: actual }: Long, ...below: string[]): readonly Mistake[] =>
  actual <= max ? NOWHERE : [{ below, parameters: { max, actual } }];

/** A text or a list must not be longer; `unit` is the word for what is counted. */
export function AtMost(code: FieldErrorCode, max: number, unit: string): PropertyDecorator {
  return rule(code, `Must have at most ${max} ${unit}.`, (value) =>
    value == null ? NOWHERE : tooLong(max, value as Long),
  );
}

/** The same for each element of a list. */
export function EachAtMost(code: FieldErrorCode, max: number, unit: string): PropertyDecorator {
  return rule(code, `Must have at most ${max} ${unit}.`, (value) =>
    ((value ?? []) as Long[]).slice(0, MAX_ELEMENTS).flatMap((element, index) => tooLong(max, element, String(index))),
  );
}

/** A list must not be shorter. */
export function AtLeast(code: FieldErrorCode, min: number, message: string): PropertyDecorator {
  return rule(code, message, (value) => {
    const actual = value == null ? min : (value as Long).length;
    return actual >= min ? NOWHERE : [{ below: [], parameters: { min, actual } }];
  });
}

type InputClass = new () => object;

/** The rules of an input's class in a row: whether all hold. */
type Holding = (input: object) => boolean;

/** Made once for each class. */
const holdings = new WeakMap<InputClass, Holding>();

/**
 * class-validator looks up, groups and filters its rules anew for each input; here they only run.
 *
 * @throws TypeError for a class without rules, or with decorators that are no rules of this file: their codes would be
 *   unlisted, and what they find might repeat the input.
 */
function holdingOf(inputClass: InputClass): Holding {
  const storage = getMetadataStorage();
  const declared = storage.getTargetValidationMetadatas(inputClass, '', true, false);
  const rules = declared.flatMap(({ propertyName: property, constraintCls }) =>
    storage.getTargetValidatorConstraints(constraintCls).map(({ instance }) => ({ property, rule: instance })),
  );
  if (rules.length === 0 || declared.some(({ type }) => type !== ValidationTypes.CUSTOM_VALIDATION)) {
    throw new TypeError(`${inputClass.name} must have rules, and no other decorators of class-validator.`);
  }
  return (input) => {
    const broken = rules.filter(({ property, rule }) => {
      const value = (input as Record<string, unknown>)[property];
      return rule.validate(value, { value, property, object: input, targetName: '', constraints: [] }) !== true;
    });
    return broken.length === 0;
  };
}

/** Every mistake of an input object, each with its path below `argument`; at most `MAX_FIELD_ERRORS`. */
export function mistakesOf(argument: string, input: object): FieldError[] {
  const inputClass = input.constructor as InputClass;
  const holds = holdings.get(inputClass) ?? holdingOf(inputClass);
  holdings.set(inputClass, holds);
  found = new Map();
  if (holds(input)) return [];
  isSearched = true;
  try {
    return listedMistakes(argument, input);
  } finally {
    isSearched = false;
  }
}

/** In the order in which class-validator lists them. */
function listedMistakes(argument: string, input: object): FieldError[] {
  const broken = validateSync(input, { forbidUnknownValues: true, skipMissingProperties: false });
  const rules = broken.flatMap(({ property, constraints = {} }) =>
    Object.keys(constraints).flatMap((name) => found.get(nameOf(property, name)) ?? []),
  );
  const mistakes = rules.flatMap(({ property, code, message, mistakes }) =>
    mistakes.map(({ below, parameters }) => ({ path: [argument, property, ...below], code, message, ...parameters })),
  );
  return mistakes.slice(0, MAX_FIELD_ERRORS);
}

/** Checks an input object by the rules of its class. @throws ServiceError BAD_USER_INPUT with all of its mistakes. */
export function checkInput(argument: string, input: object, details: ServiceErrorDetails = {}): void {
  const fieldErrors = mistakesOf(argument, input);
  if (fieldErrors.length > 0) throw new ServiceError('BAD_USER_INPUT', { ...details, fieldErrors });
}
