import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsDefined, IsIn, IsInt, IsObject, IsOptional, Matches, Max, Min, ValidateNested } from 'class-validator';

const MOST_POINTS = 1_000_000_000;
const MOST_MINOR = 1_000_000_000;

/** null is as good as absent, and is not kept: what is published is read by notices, codes and storefronts. */
const MayBeAbsent = () =>
  applyDecorators(
    IsOptional(),
    Transform(({ value }: { value: unknown }) => value ?? undefined),
  );

export class DiscountTermsDto {
  @ApiProperty({ enum: ['percent', 'amount'], example: 'percent' })
  @IsIn(['percent', 'amount'])
  kind: 'percent' | 'amount';

  /** With kind `percent`. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, example: 10 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(100)
  percent?: number;

  /** With kind `amount`, in the currency's smallest unit. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MOST_MINOR)
  amountMinor?: number;

  /** ISO 4217; with amountMinor or minimumOrderMinor. */
  @ApiPropertyOptional({ example: 'EUR' })
  @MayBeAbsent()
  @Matches(/^[A-Z]{3}$/, { message: 'currency must be an ISO 4217 code' })
  currency?: string;

  /** Days that the code is valid, counted from the award. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 36500, example: 30 })
  @IsInt()
  @Min(1)
  @Max(36500)
  validDays: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MOST_MINOR)
  minimumOrderMinor?: number;
}

export class PointsRewardDto {
  @ApiProperty({ enum: ['points'] })
  @IsIn(['points'])
  type: 'points';

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_POINTS, example: 100 })
  @IsInt()
  @Min(1)
  @Max(MOST_POINTS)
  points: number;
}

export class DiscountRewardDto {
  @ApiProperty({ enum: ['discount'] })
  @IsIn(['discount'])
  type: 'discount';

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => DiscountTermsDto)
  discount: DiscountTermsDto;
}

export type RewardDto = PointsRewardDto | DiscountRewardDto;

/** What a reward that is neither is held against, so that the fault points to its type. */
class UnknownRewardDto {
  @IsIn(['points', 'discount'])
  type: string;
}

/** How a reward is described. */
export const ApiReward = () =>
  applyDecorators(
    ApiExtraModels(PointsRewardDto, DiscountRewardDto),
    ApiProperty({
      oneOf: [{ $ref: getSchemaPath(PointsRewardDto) }, { $ref: getSchemaPath(DiscountRewardDto) }],
      discriminator: {
        propertyName: 'type',
        mapping: { points: getSchemaPath(PointsRewardDto), discount: getSchemaPath(DiscountRewardDto) },
      },
      example: { type: 'points', points: 100 },
    }),
  );

export const IsReward = () =>
  applyDecorators(
    ApiReward(),
    IsDefined(),
    IsObject(),
    ValidateNested(),
    Type(() => UnknownRewardDto, {
      keepDiscriminatorProperty: true,
      discriminator: {
        property: 'type',
        subTypes: [
          { name: 'points', value: PointsRewardDto },
          { name: 'discount', value: DiscountRewardDto },
        ],
      },
    }),
  );
