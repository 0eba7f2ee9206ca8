/** Input rules: class-validator decorators with a stable code, and the paths to what breaks them. */
import {
  getMetadataStorage,
  ValidateBy,
  validateSync,
  ValidationTypes,
  type ValidationArguments,
} from 'class-validator';
import { ServiceError, type FieldError, type ServiceErrorDetails } from '../errors.js';

/** More mistakes than this are not listed: an answer must not grow with what was sent. */
export const MAX_FIELD_ERRORS = 100;

/** Where a value breaks a rule: nowhere, as a whole (`[]`), or at the given indexes. */
type Mistakes = readonly (readonly number[])[];

const NOWHERE: Mistakes = [];
const AS_A_WHOLE: Mistakes = [[]];

type FindMistakes = (value: unknown, input: object) => Mistakes;

/** Elements of a list that rules look at. Every list has a rule that refuses more. */
const MAX_ELEMENTS = 100;

/** Where the input that is being checked breaks each rule, by property and code; no entry where it does not. */
let found = new Map<string, Mistakes>();
/** Whether all rules have looked at it already: each runs once. */
let isSearched = false;

/** Declares a rule; `find` runs as a class-validator constraint and finds where the value breaks it. */
function rule(code: string, message: string, find: FindMistakes): PropertyDecorator {
  return ValidateBy({
    name: code,
    validator: {
      validate(value: unknown, args?: ValidationArguments) {
        const { property = '', object = {} } = args ?? {};
        if (isSearched) return !found.has(nameOf(property, code));
        const mistakes = find(value, object);
        if (mistakes.length > 0) found.set(nameOf(property, code), mistakes);
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
  code: string,
  message: string,
  holds: (value: never, input: never) => boolean,
): PropertyDecorator {
  return rule(code, message, (value, input) =>
    value == null || holds(value as never, input as never) ? NOWHERE : AS_A_WHOLE,
  );
}

/** A rule of each element of a list, up to `MAX_ELEMENTS`; the path of a mistake names the index. */
export function EachHolds<Element>(
  code: string,
  message: string,
  holds: (element: Element, index: number, list: readonly Element[]) => boolean,
): PropertyDecorator {
  return rule(code, message, (value) =>
    ((value ?? []) as Element[])
      .slice(0, MAX_ELEMENTS)
      .flatMap((element, index, list) => (holds(element, index, list) ? [] : [[index]])),
  );
}

type InputClass = new () => object;

/** The rules of an input's class in a row: whether all hold. */
type Holding = (input: object) => boolean;

/** Made once for each class; null where class-validator alone can tell. */
const holdings = new WeakMap<InputClass, Holding | null>();

/** class-validator looks up, groups and filters its rules anew for each input; here they only run. */
function holdingOf(inputClass: InputClass): Holding | null {
  const storage = getMetadataStorage();
  const declared = storage.getTargetValidationMetadatas(inputClass, '', true, false);
  // No rules, or decorators that are no rules of this file.
  if (declared.length === 0 || declared.some(({ type }) => type !== ValidationTypes.CUSTOM_VALIDATION)) return null;
  const rules = declared.flatMap(({ propertyName: property, constraintCls }) =>
    storage.getTargetValidatorConstraints(constraintCls).map(({ instance }) => ({ property, rule: instance })),
  );
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
  if (!holdings.has(inputClass)) holdings.set(inputClass, holdingOf(inputClass));
  const holding = holdings.get(inputClass) ?? null;
  found = new Map();
  if (holding?.(input) === true) return [];
  isSearched = holding !== null;
  try {
    return listedMistakes(argument, input);
  } finally {
    isSearched = false;
  }
}

function listedMistakes(argument: string, input: object): FieldError[] {
  const broken = validateSync(input, { forbidUnknownValues: true, skipMissingProperties: false });
  const mistakes = broken.flatMap(({ property, constraints = {} }) =>
    Object.entries(constraints).flatMap(([code, message]) =>
      (found.get(nameOf(property, code)) ?? AS_A_WHOLE).map((below) => ({
        path: [argument, property, ...below],
        code,
        message,
      })),
    ),
  );
  return mistakes.slice(0, MAX_FIELD_ERRORS);
}

/** Checks an input object by the rules of its class. @throws ServiceError BAD_USER_INPUT with all of its mistakes. */
export function checkInput(argument: string, input: object, details: ServiceErrorDetails = {}): void {
  const fieldErrors = mistakesOf(argument, input);
  if (fieldErrors.length > 0) throw new ServiceError('BAD_USER_INPUT', { ...details, fieldErrors });
}
