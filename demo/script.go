package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
	"portal/pricing"
	"portal/provider"
	"portal/provider/sandbox"
	"portal/store"
)

// days is how long the past is.
const days = 425

// Who the script is about, beside the small world.
const (
	admin      = "admin@reseller.example.com" // huadong's
	northAdmin = "admin@beifang.example.com"
	operator   = "operator@example.com"
	support    = "support@example.com"
	subscriber = "mei@example.com" // a customer who has bought, for the sign-in page
)

// beifang is the second reseller. It has prices of its own.
var beifang = models.Reseller{Name: "Beifang Cloud 北方云", CredentialProfile: "north"}

// script is the past: whose accounts there are and what happens to them. Each
// account's life stands together here; they are lived through at the same time.
func (w *world) script() {
	of := w.resellers()
	w.huadong(of.huadong)
	w.beifang(of.beifang)
	w.direct(&seller{world: w, admin: operator, owners: 1300000000000101})
	w.together(of.huadong)
	w.counted(w.ago(40 * time.Minute))
}

// seller is who looks after accounts: a reseller, or the portal's own operators.
type seller struct {
	*world
	row    *models.Reseller // nil for the portal's own; known once it is there
	admin  string
	owners int64      // the next OwnerId
	since  int        // how many accounts there are
	many   []*account // that are renewed together
}

type sellers struct{ huadong, beifang *seller }

// resellers puts the two into the world: one has been there from the beginning,
// the other is made by an operator, and sets its prices.
func (w *world) resellers() sellers {
	of := sellers{
		huadong: &seller{world: w, admin: admin, row: &models.Reseller{}, owners: 1100000000000101},
		beifang: &seller{world: w, admin: northAdmin, row: &models.Reseller{}, owners: 1200000000000101},
	}
	w.then(w.day(days, "08:10"), "finding the first reseller", func(ctx context.Context) (err error) {
		*of.huadong.row, err = w.db.ResellerByName(ctx, huadong.Name)
		return err
	})
	w.as(operator, w.day(days, "08:20"), "making the second reseller", func(ctx context.Context, by models.By) (err error) {
		*of.beifang.row, err = w.db.CreateReseller(ctx, by, beifang)
		return err
	})
	w.joins(northAdmin, operator, w.day(days, "08:30"), func() models.Place { return models.Place{ResellerID: &of.beifang.row.ID} })
	w.prices(w.day(days, "09:10"), of.beifang, nil, models.PriceFacts{models.Pro: 12_00, models.Enterprise: 8_00})
	w.as(operator, w.day(210, "11:00"), "allowing discounts", func(ctx context.Context, by models.By) error {
		return w.db.AllowDiscounts(ctx, by, of.beifang.row.ID, true)
	})
	return of
}

// prices sets what a reseller's accounts pay, or one of them, for the first time.
func (w *world) prices(at time.Time, s *seller, a *account, rules models.PriceFacts) {
	w.as(s.admin, at, "setting prices", func(ctx context.Context, by models.By) error {
		scope := store.PriceScope{ResellerID: s.row.ID}
		if a != nil {
			scope.AccountID = &a.row.ID
		}
		return w.db.SetPrices(ctx, by, scope, rules, models.PriceFacts{}.String())
	})
}

// account adds an account with its machines, and somebody who signs in for it;
// customer is empty for nobody.
func (s *seller) account(name string, machines int, customer string) *account {
	joined := s.day(days-1-s.since/2, []string{"09:30", "14:10"}[s.since%2])
	a := &account{world: s.world, owner: s.owners + int64(s.since), name: name, customer: customer, admin: s.admin}
	s.since++
	s.as(s.admin, joined, "adding "+name, func(ctx context.Context, by models.By) (err error) {
		if err := s.box.SetMachines(a.owner, machines); err != nil {
			return err
		}
		a.row, err = s.db.CreateAccount(ctx, by, models.Account{OwnerID: a.owner, Name: name})
		return err
	})
	if customer != "" {
		s.joins(customer, s.admin, joined.Add(time.Hour), func() models.Place { return models.Place{AccountID: &a.row.ID} })
	}
	return a
}

// lasts buys so that there are so many days left now, as pages count them. A
// negative number is of days since the end.
func (a *account) lasts(in int, edition models.Edition, terms ...string) *order {
	end := a.now.Add(-time.Hour).Truncate(time.Minute).Add(time.Duration(in) * 24 * time.Hour)
	at, term := before(end, terms...)
	return a.buys(at, edition, term)
}

// long and short are terms for lasts, the first one where the calendar has the day.
var (
	long  = []string{"year-1", "month-6", "month-3"}
	short = []string{"month-3", "month-6", "year-1"}
)

// quarterly buys three months and renews them again and again, a few days before
// each end, so that what it has at last ends about in so many days.
func (a *account) quarterly(in int, edition models.Edition) {
	at, _ := before(a.day(-in, "15:40"), "month-15", "month-18", "month-12")
	if at.Before(a.day(days-12, "00:00")) {
		at = models.AddMonths(at, 3)
	}
	a.buys(at, edition, "month-3")
	for end := models.AddMonths(at, 3); end.Before(a.day(7, "00:00")); end = models.AddMonths(end, 3) {
		a.renews(end.AddDate(0, 0, -5), "month-3")
	}
}

// limits sets an account's monthly limit and the sum above which its customers'
// orders wait, in yuan; 0 for none.
func (a *account) limits(at time.Time, monthly, above int64) {
	fen := func(yuan int64) *models.Fen {
		if yuan == 0 {
			return nil
		}
		f := models.Fen(yuan * 100)
		return &f
	}
	a.as(a.admin, at, "limits", func(ctx context.Context, by models.By) error {
		return a.db.SetLimits(ctx, by, a.row.ID, fen(monthly), fen(above))
	})
}

// noted writes what administrators and staff read about the account.
func (a *account) noted(at time.Time, note string) {
	a.as(a.admin, at, "a note", func(ctx context.Context, by models.By) error {
		return a.db.EditAccount(ctx, by, a.row.ID, a.name, note)
	})
}

func (a *account) suspended(at time.Time, reason string) {
	a.as(a.admin, at, "suspending", func(ctx context.Context, by models.By) error {
		return a.db.SuspendAccount(ctx, by, a.row.ID, reason)
	})
}

// notes has support write something about an order.
func (w *world) notes(at time.Time, o *order, note string) {
	w.as(support, at, "a note about an order", func(ctx context.Context, by models.By) error {
		return w.db.AddNote(ctx, by, o.number, note, "")
	})
}

// approved lets an order go that waits for it.
func (a *account) approved(at time.Time, o *order) {
	a.as(a.admin, at, "approving", func(ctx context.Context, by models.By) error {
		if err := a.db.ApproveOrder(ctx, by, o.number, store.Placing{
			InstanceCount: a.box.Machines(a.owner), PriceBookHash: pricing.Embedded().Hash(), CredentialProfile: provider.DefaultProfile,
		}); err != nil {
			return err
		}
		a.worker.RunOnce(ctx)
		return a.expect(ctx, o.number, models.Completed)
	})
}

// refused is an order that the provider refuses for want of money.
func (a *account) refused(at time.Time, o *order) *order {
	o.ends = models.Rejected
	o.placed = func(ctx context.Context, _ string) error {
		return a.penniless(func() { a.worker.RunOnce(ctx) })
	}
	return a.order(at, o)
}

// unanswered is an order whose first answers are lost, though it is done: every so
// many seconds the worker asks again.
func (a *account) unanswered(at time.Time, o *order, retries ...time.Duration) *order {
	o.ends = models.Unknown
	o.placed = func(context.Context, string) error {
		return a.fault(o.kind.Action(), sandbox.FaultDropAfter, 0)
	}
	a.order(at, o)
	for _, after := range retries {
		a.then(at.Add(after), "asking again", func(context.Context) error { return nil })
	}
	return o
}

// contradicted is an order whose first attempt gets lost and whose second is
// refused: nothing was charged, which only a person can find out.
func (a *account) contradicted(at time.Time, o *order) *order {
	o.ends = models.Unknown
	o.placed = func(context.Context, string) error {
		return a.fault(o.kind.Action(), sandbox.FaultDropBefore, 1)
	}
	a.order(at, o)
	a.then(at.Add(6*time.Second), "refusing", func(ctx context.Context) error {
		if err := a.penniless(func() { a.worker.RunOnce(ctx) }); err != nil {
			return err
		}
		return a.expect(ctx, o.number, models.NeedsReview)
	})
	return o
}

// lapsed is an order whose answers stay lost for longer than its token is good
// for: it was charged, which only a person can find out.
func (a *account) lapsed(at time.Time, o *order) *order {
	a.unanswered(at, o, 5*time.Second, 15*time.Second, 35*time.Second, 75*time.Second, 155*time.Second, 315*time.Second,
		635*time.Second, 1275*time.Second, 2175*time.Second, 3075*time.Second)
	a.then(at.Add(70*time.Minute), "giving up", func(ctx context.Context) error {
		a.worker.RunOnce(ctx)
		return errors.Join(a.faultless(), a.expect(ctx, o.number, models.NeedsReview))
	})
	return o
}

// huadong are the first reseller's accounts, beside the three that it always has.
func (w *world) huadong(s *seller) {
	a := s.account("Jinghe Media 景禾传媒", 14, subscriber)
	a.lasts(20, models.Pro, long...)

	a = s.account("Qingyuan Foods 青原食品", 9, "tao@example.com")
	a.lasts(5, models.Enterprise, long...)

	a = s.account("Haitang Games 海棠互动", 32, "yu@example.com")
	a.lasts(1, models.Pro, long...)

	a = s.account("Yunshan Printing 云杉印务", 12, "")
	a.lasts(-3, models.Pro, short...)

	// Expired, and released by the provider: an operator has seen it.
	a = s.account("Nanting Ceramics 南汀陶瓷", 16, "")
	a.buys(w.day(155, "09:50"), models.Pro, "month-3")
	a.released(w.day(30, "16:10"))

	// It renews by itself each month, and nobody has looked.
	a = s.account("Mulan Design 木岚设计", 11, "")
	a.buysRenewing(w.day(75, "10:15"), models.Pro, "month-1", "1")

	a = s.account("Kuaihe Delivery 快禾配送", 22, "he@example.com")
	a.buys(w.day(90, "14:25"), models.Pro, "year-1")
	a.refunds(w.day(87, "09:40"))

	a = s.account("Changqing Labs 长清检测", 18, "")
	a.buys(w.day(230, "13:35"), models.Enterprise, "year-1")
	a.refunds(w.day(110, "15:55"))

	// More machines, and then the upgrade to them.
	a = s.account("Shuangxi Hotels 双溪酒店", 20, "xi@example.com")
	a.buys(w.day(260, "11:10"), models.Pro, "year-1")
	a.grows(w.day(124, "03:00"), 28)
	a.upgrades(w.day(121, "10:30"), models.Pro)

	// A higher edition.
	a = s.account("Zhihang Education 知行课堂", 26, "zhi@example.com")
	a.buys(w.day(205, "16:20"), models.Pro, "year-1")
	a.upgrades(w.day(64, "09:25"), models.Enterprise)

	// More machines, and no upgrade yet.
	a = s.account("Lanting Software 兰汀软件", 18, "ting@example.com")
	a.buys(w.day(150, "14:40"), models.Pro, "year-1")
	a.grows(w.day(20, "02:00"), 27)

	a = s.account("Moyu Pets 墨屿宠物", 13, "mo@example.com")
	a.buys(w.day(170, "12:05"), models.Pro, "year-1")
	a.suspended(w.day(12, "17:30"), "Two invoices are unpaid since spring; reinstate once they are. 两期账单未付，付清后恢复。")

	// A month's limit that is nearly used: 24,480.00 of 26,000.00.
	a = s.account("Xingqiao Robotics 星桥机器人", 40, "qiao@example.com")
	a.limits(w.day(190, "10:00"), 26_000, 0)
	a.buys(w.thisMonth(9, "10:45"), models.Pro, "year-1")

	// Its customers' orders above 8,000 yuan wait for approval: one was approved, one
	// declined, and one waits now.
	a = s.account("Luming Tea 麓鸣茶业", 24, "ming@example.com")
	a.limits(w.day(300, "10:00"), 0, 8_000)
	declined := a.order(w.day(161, "15:00"), &order{kind: models.Buy, answers: buying(models.Enterprise, "year-1"), ends: models.AwaitingApproval})
	a.as(a.admin, w.day(160, "09:15"), "declining", func(ctx context.Context, by models.By) error {
		return w.db.DeclineOrder(ctx, by, declined.number, "Pro is what we agreed on; please order that. 约定的是高级版，请改订。")
	})
	waited := a.order(w.day(159, "10:20"), &order{kind: models.Buy, answers: buying(models.Pro, "year-1"), ends: models.AwaitingApproval})
	a.approved(w.day(159, "14:50"), waited)
	a.order(w.ago(2*time.Hour), &order{kind: models.Upgrade, answers: buying(models.Enterprise, ""), ends: models.AwaitingApproval})

	// The provider refused today: the reseller's account with it was empty.
	a = s.account("Baihe Clinics 百荷诊所", 15, "bai@example.com")
	rejected := a.refused(w.today(0.5), &order{kind: models.Buy, answers: buying(models.Enterprise, "year-1")})
	w.notes(w.today(0.6), rejected, "They called. The reseller has to top up its account with the provider; then order again.")

	// An order whose answers get lost now: the portal is confirming it.
	a = s.account("Suiyuan Freight 绥原货运", 21, "yuan@example.com")
	a.unanswered(w.ago(6*time.Minute), &order{kind: models.Buy, answers: buying(models.Pro, "year-1")},
		5*time.Second, 15*time.Second, 35*time.Second, 75*time.Second, 155*time.Second, 315*time.Second)

	// A renewal in review: the answers were lost for too long.
	a = s.account("Xiaoman Toys 小满玩具", 19, "")
	a.lasts(11, models.Pro, long...)
	review := a.lapsed(w.day(1, "15:05"), &order{kind: models.Renew, answers: buying("", "year-1")})
	w.notes(w.day(1, "17:20"), review, "The provider's bill has this renewal, 11,628.00 yuan at 15:05. An operator has to settle it as done.")

	a = s.account("Feiyu Sports 绯羽体育", 25, "")
	a.buys(w.day(288, "10:55"), models.Pro, "year-1")
	a = s.account("Jiangtun Aquariums 江屯水族", 14, "tun@example.com")
	a.buys(w.day(106, "15:10"), models.Enterprise, "year-1")
	a = s.account("Lubian Coffee 庐边咖啡", 36, "")
	a.buys(w.day(74, "09:30"), models.Pro, "year-1")
	a = s.account("Chunhe Travel 春禾旅行", 17, "")
	a.quarterly(52, models.Pro)
	a = s.account("Tingyu Music 听屿音乐", 12, "ying@example.com")
	a.quarterly(64, models.Enterprise)

	// These were renewed together, see together(); the last one could not be.
	for i, name := range []string{"Hengyi Parts 恒奕配件", "Ruixue Dairy 瑞雪乳品", "Songke Furniture 松客家居", "Wanli Tyres 弯里轮胎"} {
		a = s.account(name, []int{30, 24, 16, 11}[i], "")
		a.buys(w.day(330-5*i, "10:30"), []models.Edition{models.Pro, models.Enterprise, models.Pro, models.Pro}[i], "year-1")
		s.many = append(s.many, a)
	}
	books := s.account("Xiangbi Books 象笔书店", 4, "bi@example.com")
	books.buys(w.day(322, "11:40"), models.Pro, "year-1")
	s.many = append(s.many, books)
	books.noted(w.day(200, "16:00"), "Calls before each renewal. 每次续费前电话确认。")

	// People come and go.
	w.as(admin, w.day(2, "11:15"), "an invitation", func(ctx context.Context, by models.By) error {
		_, err := w.db.Invite(ctx, by, models.Place{AccountID: &books.row.ID}, "newcomer@example.com", models.NewInvitationToken().Hash())
		return err
	})
	w.joins("former@example.com", admin, w.day(300, "10:10"), func() models.Place { return models.Place{AccountID: &books.row.ID} })
	w.as(admin, w.day(100, "18:00"), "removing somebody", func(ctx context.Context, by models.By) error {
		former, err := w.db.UserByEmail(ctx, "former@example.com")
		if err != nil {
			return err
		}
		return w.db.RemovePerson(ctx, by, former.ID)
	})
}

// together renews many accounts at once. One of them has too few machines for the
// term, and says so.
func (w *world) together(s *seller) {
	const term = "month-6"
	var batch models.Batch
	w.as(s.admin, w.day(33, "09:30"), "a batch", func(ctx context.Context, by models.By) error {
		var ids []int64
		for _, a := range s.many {
			ids = append(ids, a.row.ID)
		}
		t, err := models.ParseTerm(term)
		if err != nil {
			return err
		}
		if batch, err = w.db.NewBatch(ctx, by.Viewer, t, ids); err != nil {
			return err
		}
		w.batches.RunOnce(ctx)
		return nil
	})
	w.as(s.admin, w.day(33, "09:36"), "a batch's orders", func(ctx context.Context, by models.By) error {
		if err := w.db.StartBatch(ctx, by, batch.ID); err != nil {
			return err
		}
		w.batches.RunOnce(ctx)
		w.worker.RunOnce(ctx)
		return nil
	})
}

// beifang are the second reseller's accounts, who pay its prices.
func (w *world) beifang(s *seller) {
	a := s.account("Shuofeng Energy 朔风能源", 45, "shuo@example.com")
	a.buys(w.day(352, "10:10"), models.Enterprise, "year-1")

	a = s.account("Baiyang Publishing 白漾出版", 13, "")
	a.buys(w.day(285, "15:15"), models.Pro, "year-1")

	a = s.account("Tiegong Machinery 铁弓机械", 27, "tie@example.com")
	w.prices(w.day(208, "14:00"), s, a, models.PriceFacts{models.Pro: -5_00})
	a.buys(w.day(207, "09:45"), models.Pro, "year-1")

	a = s.account("Beiguo Orchards 北果园艺", 10, "")
	a.lasts(5, models.Pro, long...)

	a = s.account("Xuelang Outdoors 雪朗户外", 19, "lang@example.com")
	a.lasts(20, models.Enterprise, long...)

	a = s.account("Jixing Logistics 极星物流", 34, "")
	a.lasts(1, models.Pro, short...)

	a = s.account("Hongsong Timber 泓松木业", 14, "")
	a.lasts(-3, models.Enterprise, short...)

	a = s.account("Caoyuan Wool 草垣绒业", 12, "")
	a.buys(w.day(137, "14:00"), models.Pro, "month-3")

	// Renews by itself; an operator has seen it once, and it has happened again since.
	a = s.account("Bingcheng Events 冰埕会展", 16, "bing@example.com")
	bought := w.day(165, "11:25")
	a.buysRenewing(bought, models.Pro, "month-3", "1")
	a.seenRenewed(w.day(60, "10:50"))

	// Outgrown twice over.
	a = s.account("Yinhe Cinemas 银荷影院", 23, "hei@example.com")
	a.buys(w.day(240, "16:45"), models.Enterprise, "year-1")
	a.grows(w.day(34, "04:00"), 31)
	a = s.account("Daxue Skating 大雪冰场", 8, "")
	a.buys(w.day(118, "10:00"), models.Pro, "month-6")
	a.grows(w.day(6, "04:00"), 10)

	// Both at once: a higher edition for more machines.
	a = s.account("Guyu Weather 谷雨气象", 30, "gu@example.com")
	a.buys(w.day(310, "09:05"), models.Pro, "year-1")
	a.grows(w.day(99, "04:00"), 36)
	a.upgrades(w.day(97, "11:50"), models.Enterprise)

	a = s.account("Heishan Tools 黑杉工具", 17, "")
	a.buys(w.day(139, "13:20"), models.Pro, "year-1")
	a.refunds(w.day(51, "10:25"))

	a = s.account("Liaoyuan Kitchens 燎沅厨电", 20, "liao@example.com")
	a.buys(w.day(29, "15:30"), models.Pro, "year-1")
	a.refunds(w.day(27, "15:45"))

	// Taken back before it was sent, and then bought after all.
	a = s.account("Mingyue Films 明玥影业", 15, "yue@example.com")
	a.order(w.day(181, "14:15"), &order{
		kind: models.Buy, answers: buying(models.Enterprise, "year-1"), ends: models.Cancelled,
		placed: func(ctx context.Context, number string) error {
			by, err := w.by(ctx, "yue@example.com")
			if err != nil {
				return err
			}
			return w.db.CancelOrder(ctx, by, number)
		},
	})
	a.buys(w.day(181, "14:40"), models.Pro, "year-1")

	// In review: one attempt got lost, the next was refused. Nothing was charged.
	a = s.account("Huangtu Bakery 黄土面包", 12, "")
	review := a.contradicted(w.day(1, "10:35"), &order{kind: models.Buy, answers: buying(models.Pro, "year-1")})
	w.notes(w.day(1, "11:10"), review, "Nothing on the provider's bill so far. Look again tomorrow before it is settled as not charged.")

	// The machines changed while the order was on its way: refused, and today.
	growing := s.account("Zhenbei Security 镇北安防", 25, "zhen@example.com")
	growing.order(w.today(0.4), &order{
		kind: models.Buy, answers: buying(models.Pro, "year-1"), ends: models.Rejected,
		placed: func(context.Context, string) error { return w.box.SetMachines(growing.owner, 26) },
	})

	a = s.account("Motian Lifts 墨田电梯", 28, "")
	a.buys(w.day(262, "10:50"), models.Pro, "year-1")
	a = s.account("Huyang Caravans 沪漾房车", 14, "yang@example.com")
	a.buys(w.day(79, "14:35"), models.Enterprise, "year-1")
	a = s.account("Saibei Riding 塞蓓马术", 22, "")
	a.buys(w.thisMonth(6, "11:05"), models.Pro, "year-1")
	a = s.account("Dongqing Lighting 冬青照明", 16, "qing@example.com")
	a.buys(w.day(45, "16:15"), models.Pro, "year-1")

	// A quote that nobody ordered.
	quoted := s.account("Ningjing Spa 宁境水疗", 12, "ning@example.com")
	w.as("ning@example.com", w.day(4, "20:10"), "a quote", func(ctx context.Context, by models.By) error {
		_, err := w.clerk.Quote(ctx, by.Viewer, models.Buy, quoted.row, buying(models.Enterprise, "year-1"))
		return err
	})

	a = s.account("Sanjiang Rice 三畺米业", 18, "")
	a.quarterly(47, models.Pro)
	s.account("Qilian Telecom 祁涟通信", 29, "qi@example.com")
}

// direct are accounts that the portal's owner sells to itself, beside the first.
func (w *world) direct(s *seller) {
	a := s.account("Wuyou Insurance Brokers 梧悠保险经纪", 60, "wu@example.com")
	a.buys(w.day(395, "10:00"), models.Enterprise, "year-1")
	a.renews(w.day(41, "10:20"), "year-1")

	a = s.account("Lvye Gardens 绿野园林", 15, "lv@example.com")
	a.buys(w.day(222, "14:30"), models.Pro, "year-1")

	a = s.account("Feihong Airfreight 飞泓航运", 42, "")
	a.buys(w.day(130, "09:35"), models.Pro, "year-1")
	a.grows(w.day(15, "04:00"), 50)

	a = s.account("Gudu Museums 古都数字馆", 12, "du@example.com")
	a.lasts(15, models.Pro, long...)

	a = s.account("Bolan Optics 波岚光学", 20, "")
	a.buys(w.day(275, "16:00"), models.Enterprise, "year-1")
	a.refunds(w.day(184, "10:15"))

	a = s.account("Xinye Stationery 新页文具", 13, "xin@example.com")
	a.quarterly(58, models.Pro)

	s.account("Dongli Batteries 动粒电池", 33, "li@example.com")
}

// held is the account's instance, as the provider has it.
func (a *account) held() (sandbox.Instance, error) {
	for _, in := range a.box.Instances() {
		if in.OwnerID == a.owner {
			return in, nil
		}
	}
	return sandbox.Instance{}, fmt.Errorf("%s holds nothing", a.name)
}

// released has an operator record that the provider has let go of what expired.
func (a *account) released(at time.Time) {
	a.as(operator, at, "recording a release", func(ctx context.Context, by models.By) error {
		in, err := a.held()
		if err != nil || in.ReleasedAt == nil {
			return errors.Join(err, fmt.Errorf("%s is not released", in.InstanceID))
		}
		_, err = a.db.Record(ctx, by, models.OutsideEvent{
			AccountID: a.row.ID, Kind: models.Released, InstanceID: in.InstanceID, EndsAt: in.ReleasedAt,
			Reason: "The provider's console has no instance any more: it ran out and nobody renewed it.",
		}, nil)
		return err
	})
}

// seenRenewed has an operator record the newest automatic renewal.
func (a *account) seenRenewed(at time.Time) {
	a.as(operator, at, "recording a renewal", func(ctx context.Context, by models.By) error {
		var last *sandbox.Entry
		for _, e := range a.box.Ledger() {
			if e.OwnerID == a.owner && e.Action == sandbox.ActionAutoRenew {
				last = &e
			}
		}
		if last == nil {
			return fmt.Errorf("%s was not renewed", a.name)
		}
		in, err := a.held()
		if err != nil {
			return err
		}
		_, err = a.db.Record(ctx, by, models.OutsideEvent{
			AccountID: a.row.ID, Kind: models.Renewed, InstanceID: in.InstanceID, Edition: models.Pro, InstanceCount: last.BuyNumber,
			EndsAt: &last.PeriodEnd, PaidFen: models.Fen(last.AmountFen), AutoRenew: true, AutoRenewMonths: in.AutoRenewMonths,
			Reason: "Seen in the provider's bill of this month.",
		}, nil)
		return err
	})
}
