import { PipeTransform, ValidationError, ValidationPipe } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { Fault, invalidRequest } from '../problem';

const escape = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

function faultsOf(errors: ValidationError[], above: string): Fault[] {
  return errors.flatMap((error) => {
    const pointer = `${above}/${escape(error.property)}`;
    const own = Object.values(error.constraints ?? {}).map((message) => ({ pointer, message }));
    return [...own, ...faultsOf(error.children ?? [], pointer)];
  });
}

/** Text that PostgreSQL cannot hold: U+0000, and halves of surrogate pairs. */
function unstorable(value: unknown, pointer: string): Fault[] {
  if (typeof value === 'string') {
    if (value.isWellFormed() && !value.includes('\0')) return [];
    return [{ pointer, message: 'must be text without U+0000 and without lone surrogates' }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...unstorable(key, pointer),
    ...unstorable(inner, `${pointer}/${escape(key)}`),
  ]);
}

/** Refuses such text wherever it stands in a request. */
export const textPipe = (): PipeTransform => ({
  transform: (value: unknown, { type }) => {
    const faults = type === 'custom' ? [] : unstorable(value, '');
    if (faults.length > 0) throw invalidRequest(faults);
    return value;
  },
});

/** class-validator gathers the rules of an object's class from those of all classes, for every object; they never change. */
function rememberRules(): void {
  const storage = getMetadataStorage();
  const gather = storage.getTargetValidationMetadatas.bind(storage);
  const gathered = new Map<unknown, ReturnType<typeof gather>>();
  storage.getTargetValidationMetadatas = (target, ...rest) => {
    const rules = gathered.get(target) ?? gather(target, ...rest);
    gathered.set(target, rules);
    return rules;
  };
}

/** One pipe for every body: unknown fields are refused, nothing is converted silently ("false" is not a boolean). */
export function validationPipe(): ValidationPipe {
  rememberRules();
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    stopAtFirstError: true,
    // The rejected value must not travel in the error.
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => invalidRequest(faultsOf(errors, '')),
  });
}
