// When the doors are told that the node has stopped serving: once each time it did serve, whatever ended it, and never before.
using HotStandby.Actors.Gateway;
using HotStandby.Core.Replication;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Gateway;

public sealed class ServingStateTests
{
    private readonly ManualTime _clock = new();
    private readonly ServingState _serving;
    private int _ends;

    public ServingStateTests()
    {
        _serving = new ServingState(_clock);
        _serving.Ended += () => _ends++;
    }

    [Fact]
    public void What_clients_are_told_of_this_node_is_gone_before_their_connections_are_closed()
    {
        var service = new Service(new NodeId("a"), 1, _clock.NowTicks() + TimeSpan.FromHours(1).Ticks);
        foreach (var end in (Action[])[_serving.StopAccepting, _serving.Close, () => _serving.Open(3)])
        {
            Serve(1);
            _serving.Views.Note(service with { Epoch = service.Epoch + (ulong)_ends }, new Somewhere());
            Assert.NotNull(_serving.Views.Latest.View);
            MasterView? told = null;
            void Look() => told = _serving.Views.Latest.View;
            var before = _ends;
            _serving.Ended += Look;
            end();
            _serving.Ended -= Look;
            Assert.Equal(before + 1, _ends);
            Assert.Null(told);
            _serving.Close();
        }
    }

    private sealed class Somewhere : IClientAddresses
    {
        public string ClientAddressOf(NodeId node) => "somewhere:50051";
    }

    [Fact]
    public void A_node_that_never_served_has_nothing_to_end()
    {
        _serving.StopAccepting();
        _serving.Close();
        _serving.Open(1);
        Extend(TimeSpan.Zero); // a lease that has run out already
        _serving.Close();
        Assert.Equal((0, ServiceState.NotYet), (_ends, _serving.Service));
    }

    [Fact]
    public void A_step_down_ends_it_once()
    {
        Serve(1);
        _serving.Close();
        _serving.Close();
        _serving.StopAccepting();
        Assert.Equal((1, ServiceState.Ended), (_ends, _serving.Service));
    }

    [Fact]
    public void A_hand_over_ends_it_when_it_begins_and_what_was_taken_may_still_be_answered()
    {
        Serve(1);
        _serving.StopAccepting();
        Assert.Equal((1, ServiceState.Ended, true), (_ends, _serving.Service, _serving.MayServe));
        Extend(TimeSpan.FromSeconds(5));
        _serving.Close();
        Assert.Equal((1, ServiceState.Ended, false), (_ends, _serving.Service, _serving.MayServe));
    }

    [Fact]
    public void A_lost_lease_ends_it_by_the_clock_and_at_the_replicas_next_turn_for_who_asks_nothing()
    {
        Serve(1);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((0, ServiceState.Ended), (_ends, _serving.Service));
        Extend(TimeSpan.Zero);
        Assert.Equal(1, _ends);
        Extend(TimeSpan.Zero);
        Assert.Equal(1, _ends);
    }

    [Fact]
    public void A_lease_that_comes_back_is_another_time_of_service()
    {
        Serve(1);
        _clock.Advance(TimeSpan.FromSeconds(2)); // the process was stopped, say
        Extend(TimeSpan.FromSeconds(1));
        Assert.Equal((1, ServiceState.Serving), (_ends, _serving.Service));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Extend(TimeSpan.Zero);
        Assert.Equal((2, ServiceState.Ended), (_ends, _serving.Service));
    }

    [Fact]
    public void A_lease_that_is_extended_in_time_goes_on()
    {
        Serve(1);
        for (var i = 0; i < 10; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(900));
            Extend(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((0, ServiceState.Serving), (_ends, _serving.Service));
    }

    [Fact]
    public void A_node_that_steps_up_again_at_once_has_ended_its_earlier_service()
    {
        Serve(1);
        _serving.Close();
        Serve(2);
        Assert.Equal((1, ServiceState.Serving, 2UL), (_ends, _serving.Service, _serving.Epoch));
        Serve(3); // without a word between
        Assert.Equal((2, ServiceState.Serving, 3UL), (_ends, _serving.Service, _serving.Epoch));
    }

    private void Serve(ulong epoch)
    {
        _serving.Open(epoch);
        Extend(TimeSpan.FromSeconds(1));
    }

    private void Extend(TimeSpan by) => _serving.ExtendLease(_clock.NowTicks() + by.Ticks);
}
