export { forgetOldMarks } from './earned-marks';
export { forgetOldOffered } from './offered-days';
export { carryMarks, takeMarksBack } from './merged-marks';
export { endOffers, pauseOffersNaming } from './withdrawn';
