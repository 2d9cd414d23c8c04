import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { plainToInstance, Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsBoolean, IsObject, ValidateNested } from 'class-validator';
import { IsKey } from '../catalogue';

export class AskPurposeDto {
  @IsKey('newsletter')
  key: string;

  /** False: the customer's own choice, which never changes the reward. */
  @ApiProperty({ required: false, default: true })
  @IsBoolean()
  required: boolean = true;
}

/** A purpose is its key, or `{key, required}`: both become the latter. */
const toPurpose = (item: unknown): unknown => {
  if (typeof item === 'string') return plainToInstance(AskPurposeDto, { key: item });
  return typeof item === 'object' && item !== null && !Array.isArray(item)
    ? plainToInstance(AskPurposeDto, item)
    : item;
};

const ArePurposes = () =>
  applyDecorators(
    ApiExtraModels(AskPurposeDto),
    ApiProperty({
      type: 'array',
      minItems: 1,
      items: { oneOf: [{ type: 'string' }, { $ref: getSchemaPath(AskPurposeDto) }] },
      example: ['newsletter', { key: 'research', required: false }],
    }),
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(toPurpose) : value)),
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(50),
    ArrayUnique((purpose?: AskPurposeDto | null) => purpose?.key, { message: 'No purpose may be there twice' }),
    IsObject({ each: true, message: 'each purpose must be a key or {key, required}' }),
    ValidateNested({ each: true }),
  );

export class AskDto {
  /** Key of the attribute. */
  @IsKey('birthDate')
  attribute: string;

  @ArePurposes()
  purposes: AskPurposeDto[];

  @ApiProperty({ required: false, default: true })
  @IsBoolean()
  required: boolean = true;
}
