package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// show answers one assessment in the view that the caller chose.
func (s *service) show(ctx context.Context, a fraud.Assessment, view fraudactivityv1.View) (*fraudactivityv1.FraudActivity, error) {
	if view != fraudactivityv1.View_VIEW_FULL && view != fraudactivityv1.View_VIEW_EXPLAINED {
		return fromActivity(a, view), nil // as most callers ask, without the lists
	}
	shown, errs := s.showAll(ctx, []fraud.Assessment{a}, view)
	return shown[0], errs[0]
}

// showAll does so for many, with one query for outcomes and one call for
// reasons: an answer or an error for each, in order.
func (s *service) showAll(ctx context.Context, all []fraud.Assessment, view fraudactivityv1.View) ([]*fraudactivityv1.FraudActivity, []error) {
	shown, errs := make([]*fraudactivityv1.FraudActivity, len(all)), make([]error, len(all))
	var why []fraud.Explanation
	if view == fraudactivityv1.View_VIEW_EXPLAINED {
		var err error // before they are shown: it may replace assessments
		if why, err = s.Assessor.Explain(ctx, scopeOf(ctx).caller.KeyID, all); err != nil {
			return shown, failAll(errs, err)
		}
	}
	for i, a := range all {
		shown[i] = fromActivity(a, view)
	}
	if len(all) == 0 || shown[0].Assessment == nil {
		return shown, errs
	}
	for i, e := range why {
		shown[i].Assessment.Reasons, errs[i] = fromReasons(e.Reasons), e.Err
	}
	if err := s.addOutcomes(ctx, shown); err != nil {
		return shown, failAll(errs, err)
	}
	return shown, errs
}

// addOutcomes adds what stands of each. Notes are for those who may read the history:
// their text is of whoever reported, and was not written for callers who only ask.
func (s *service) addOutcomes(ctx context.Context, shown []*fraudactivityv1.FraudActivity) error {
	ids := make([]string, len(shown))
	for i := range shown {
		ids[i] = shown[i].TransactionId
	}
	outcomes, err := s.Store.NewestOutcomes(ctx, ids)
	if err != nil {
		return err
	}
	reads := scopeOf(ctx).caller.May(fraudactivityv1.Permission_PERMISSION_READ)
	for i, id := range ids {
		if o, ok := outcomes[id]; ok {
			if !reads {
				o.Note = ""
			}
			shown[i].Assessment.Outcome = fromOutcome(o)
		}
	}
	return nil
}

func failAll(errs []error, err error) []error {
	for i := range errs {
		errs[i] = err
	}
	return errs
}
