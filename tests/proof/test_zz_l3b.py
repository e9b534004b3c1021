import os, time, pytest
from test_crash_points import told, difference, cut, fired
pytestmark = pytest.mark.django_db
def test_it(stage):
    end, passed, wrong, play = told(stage)
    print("undisturbed", wrong, len(passed), len(set(passed)), sorted(set(passed)), flush=True)
    bad=0
    for side in ():
        for place in range(50):
            found,_,wrong,play=told(stage, lambda play: cut(play, side, place))
            if not fired(play, side): print(side, place, "writes", flush=True); break
            d=difference(end,found)
            if wrong or d: print("CUT", side, place, wrong, d, flush=True)
    for place in range(len(passed)-1, 60, -1):
        t=time.process_time()
        found,_,wrong,play=told(stage, lambda play: setattr(play,"die_at",place))
        d=difference(end,found)
        if place%20==0: print(place, f"{time.process_time()-t:.2f}", flush=True)
        if wrong or d or play.crashes!=1: print("DIED", place, passed[place], play.crashes, wrong, d, flush=True)
    print("done", flush=True)
