import { ValidationError, ValidationPipe } from '@nestjs/common';
import { Fault, invalidRequest } from '../problem';

const escape = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

function faultsOf(errors: ValidationError[], above: string): Fault[] {
  return errors.flatMap((error) => {
    const pointer = `${above}/${escape(error.property)}`;
    const own = Object.values(error.constraints ?? {}).map((message) => ({ pointer, message }));
    return [...own, ...faultsOf(error.children ?? [], pointer)];
  });
}

/** One pipe for every body: unknown fields are refused, nothing is converted silently ("false" is not a boolean). */
export const validationPipe = (): ValidationPipe =>
  new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    stopAtFirstError: true,
    // The rejected value must not travel in the error.
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => invalidRequest(faultsOf(errors, '')),
  });
