/** Hears what happens in the billing system. */
trigger GentrackEventTrigger on Gentrack_Event__e(after insert) {
    GentrackLeavingCustomer.followUp(Trigger.new);
}
