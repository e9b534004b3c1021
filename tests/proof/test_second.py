import pytest
from collections import Counter
pytestmark = pytest.mark.django_db
def test_look(play):
    p=play
    p.look_at_everything(); p.settle()
    c=Counter()
    for ch in p.changes(outcome="applied"):
        c[ch.entity]+=1
        if c[ch.entity]<3: print(ch, ch.story, ch.reason)
    print(c)
    m=[x for x in p.org._tables["PricebookEntry"].live.values()][0]
    print(m)
    k=p.keys("Account")[0]
    p.edit_billing("accounts", k, company_number="77")
    p.fetch(); p.hear_billing(); p.deliver()
    p.edit_billing("accounts", k, company_number=None)
    p.fetch(); p.hear_billing(); 
    from salesbridge.engine.live import look
    print(p.site.billing.read("account", k))
    p.deliver()
    for ch in p.changes()[-2:]: print(ch, ch.outcome, ch.reason, ch.story)
    assert 0
