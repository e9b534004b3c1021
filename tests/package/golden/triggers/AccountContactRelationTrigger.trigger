trigger AccountContactRelationTrigger on AccountContactRelation(
    after insert,
    after update,
    after delete,
    after undelete
) {
    TriggerHandler.run();
}
