export { OversightModule } from './oversight.module';
