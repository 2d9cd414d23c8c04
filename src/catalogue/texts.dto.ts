import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsNotEmpty,
  IsNotIn,
  IsObject,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { RESERVED_NAMES } from '../platform/reserved-names';

/** A text in both languages that notices are written in. */
export class TextsDto {
  @ApiProperty({ minLength: 1, example: 'Geburtsdatum' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(4000)
  de: string;

  @ApiProperty({ minLength: 1, example: 'Date of birth' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(4000)
  en: string;
}

/** `{de, en}`. An array is refused: class-validator would take each of its items for the object. */
export const AreTexts = () =>
  applyDecorators(
    IsObject({ message: '$property must be an object {de, en}' }),
    ValidateNested(),
    Type(() => TextsDto),
  );

export const KEY_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const FORM = 'key must begin with a letter and have at most 64 letters, digits, hyphens and underscores';

/** A key of the catalogue: what the programme itself calls an attribute, a purpose, a recipient or an offer. */
export const IsKey = (example: string) =>
  applyDecorators(
    ApiProperty({ pattern: KEY_PATTERN.source, example }),
    Matches(KEY_PATTERN, { message: FORM }),
    // No body can have a field of such a name.
    IsNotIn(RESERVED_NAMES, { message: 'key must not be called as what every object has' }),
  );

/** A list of keys, each of them there once. */
export const AreKeys = (example: string[]) =>
  applyDecorators(
    ApiProperty({ type: 'array', items: { type: 'string', pattern: KEY_PATTERN.source }, minItems: 1, example }),
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(100),
    ArrayUnique(),
    Matches(KEY_PATTERN, { each: true, message: `each ${FORM}` }),
  );
