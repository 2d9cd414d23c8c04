export { DisclosureModule } from './disclosure.module';
export { Disclosure } from './disclosure.service';
