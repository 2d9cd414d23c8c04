export { AccountingModule } from './accounting.module';
