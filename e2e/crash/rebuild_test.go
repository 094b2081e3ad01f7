package crash

// manyFacts are of three ranges: a range has at most 50,000.
const manyFacts = `
insert into outbox (shop_id, kind, at, payload)
select 1, (array['claim', 'order', 'line'])[1 + n % 3], timestamptz '2024-02-01Z' + n * interval '1 second',
    json_build_object('promotions', json_build_array(1), 'tools', json_build_array('LIVE_VOUCHER'), 'buyer', n % 1000, 'order', n, 'quantity', 1, 'revenue', n)
from generate_series(1, 120000) as n`

// goesOnWithAKilledRebuild: a rebuild that was killed goes on where it was, and reports give the same figures at every moment
// of it.
func (i *installation) goesOnWithAKilledRebuild() {
	i.Helper()
	_, err := i.owner.Exec(manyFacts)
	must(i, err)
	must(i, i.reconcile())
	token := i.seller()
	figures := i.totals(token)

	before := i.clickhouse.rebuilt.Load()
	sprung := i.trap.lay(advanceCommit.at(after)[0], func() then { i.killServer(); return hangUp }) // of the first range
	killed := i.command("rebuild")
	must(i, killed.Start())
	await(i, "the rebuild", sprung)
	if err := killed.Wait(); err == nil {
		i.Error("a rebuild whose server was killed says that it is done")
	}
	i.serve()
	if got := i.totals(token); got != figures {
		i.Errorf("after the kill the figures are %s, before it %s", got, figures)
	}

	between := i.clickhouse.rebuilt.Load()
	rebuild := i.command("rebuild")
	must(i, rebuild.Start())
	ended := make(chan error, 1)
	go func() { ended <- rebuild.Wait() }()
	asked := i.askThroughout(token, figures, ended)
	batches := i.factBatches()
	if first, second := between-before, i.clickhouse.rebuilt.Load()-between; first == 0 || second == 0 || first+second != batches {
		i.Errorf("before the kill %d batches were inserted, and after it %d, of %d in all", first, second, batches)
	}
	must(i, i.reconcile())
	i.Logf("%d reports gave the same figures while a rebuild went on", asked)
}

// askThroughout asks for figures again and again until something has ended without an error, and tells how often.
func (i *installation) askThroughout(token, want string, ended <-chan error) (asked int) {
	i.Helper()
	for {
		if got := i.totals(token); got != want {
			i.Errorf("the figures are %s, before they were %s", got, want)
		}
		asked++
		select {
		case err := <-ended:
			must(i, err)
			return asked
		default:
		}
	}
}
