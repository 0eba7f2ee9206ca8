/** Input rules: class-validator decorators with a stable code, and the paths to what breaks them. */
import { ValidateBy, validateSync } from 'class-validator';
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

/** Where the input that is being checked breaks each rule, by property and code: rules run once. */
let found = new Map<string, Mistakes>();

/** Declares a rule; `find` runs as a class-validator constraint and finds where the value breaks it. */
function rule(code: string, message: string, find: FindMistakes): PropertyDecorator {
  return ValidateBy({
    name: code,
    validator: {
      validate(value: unknown, args) {
        const mistakes = find(value, args?.object ?? {});
        found.set(`${String(args?.property)} ${code}`, mistakes);
        return mistakes.length === 0;
      },
      defaultMessage: () => message,
    },
  });
}

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

/** Every mistake of an input object, each with its path below `argument`; at most `MAX_FIELD_ERRORS`. */
export function mistakesOf(argument: string, input: object): FieldError[] {
  found = new Map();
  const broken = validateSync(input, { forbidUnknownValues: true, skipMissingProperties: false });
  const mistakes = broken.flatMap(({ property, constraints = {} }) =>
    Object.entries(constraints).flatMap(([code, message]) =>
      (found.get(`${property} ${code}`) ?? AS_A_WHOLE).map((below) => ({
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
