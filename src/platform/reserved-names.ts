/**
 * What every object has, and so no field of a body or key of the catalogue may be called: on their way through Nest and
 * class-transformer such fields are lost, and a value would be kept without them.
 */
export const RESERVED_NAMES: readonly string[] = [...Object.getOwnPropertyNames(Object.prototype), 'prototype'];
