import { AttributeEntity } from './attribute.entity';
import { PurposeEntity } from './purpose.entity';
import { RecipientEntity, RecipientPurposeEntity } from './recipient.entity';

export { type JsonSchema, valueValidator } from './attribute-schema';
export type { AttributeEntity, Sensitivity } from './attribute.entity';
export { AttributesService } from './attributes.service';
export { CatalogueModule } from './catalogue.module';
export * from './core';
export { Gates } from './gates';
export { orKeyTaken } from './keys';
export { PublicKeyDto } from './public-key';
export type { PurposeEntity } from './purpose.entity';
export { PurposesService } from './purposes.service';
export { aboutWebhookSecret, type NamedRecipient, RecipientsService } from './recipients.service';
export { AreTexts, IsKey, TextsDto } from './texts.dto';
export { faultOfWebhookUrl } from './webhook-url';

/** What the database must know of this module. */
export const catalogueEntities = [AttributeEntity, PurposeEntity, RecipientEntity, RecipientPurposeEntity];
