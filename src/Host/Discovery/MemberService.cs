// etcdserverpb.Cluster and etcdserverpb.Maintenance, as far as operators look at nodes with etcdctl: who is there, and how this node is.
using Grpc.Core;
using HotStandby.Host.Telemetry;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Discovery;

namespace HotStandby.Host.Discovery;

/// <summary>Answers MemberList: every voter, and where those are that are in the cluster now.</summary>
/// <param name="node">What there is to tell.</param>
internal sealed class MemberService(DiscoveryNode node) : HotStandby.Mooncake.Discovery.Cluster.ClusterBase
{
    /// <inheritdoc/>
    public override Task<MemberListResponse> MemberList(MemberListRequest request, ServerCallContext context)
    {
        var response = new MemberListResponse { Header = node.Header(node.Views.Latest) };
        var members = node.Members().Where(static member => member.Node != NodeId.None).GroupBy(static member => member.Node)
            .ToDictionary(static lives => lives.Key, static lives => lives.Last()); // the youngest life of a name
        foreach (var voter in node.Voters)
        {
            var told = new Member { ID = DiscoveryNode.MemberOf(voter), Name = voter.Name };
            if (members.TryGetValue(voter, out var member))
            {
                told.PeerURLs.Add(member.Address);
                if (member.Discovery.Length > 0)
                    told.ClientURLs.Add(member.Discovery);
            }

            response.Members.Add(told);
        }

        return Task.FromResult(response);
    }
}

/// <summary>Answers Status, and that there is no alarm.</summary>
/// <param name="node">What there is to tell.</param>
internal sealed class StatusService(DiscoveryNode node) : Maintenance.MaintenanceBase
{
    /// <inheritdoc/>
    public override Task<StatusResponse> Status(StatusRequest request, ServerCallContext context)
    {
        var published = node.Views.Latest;
        var status = new StatusResponse { Header = node.Header(published), Version = BuildInfo.Version };
        if (node.Report()?.Replica is { } replica)
        {
            (status.RaftIndex, status.RaftAppliedIndex) = (replica.CommittedSequence, replica.AppliedSequence);
            status.IsLearner = !replica.Voting;
        }

        status.RaftTerm = status.Header.RaftTerm;
        if (published.View is { } view)
            status.Leader = DiscoveryNode.MemberOf(view.Node);
        else
            status.Errors.Add("no node is known to serve");
        return Task.FromResult(status);
    }

    /// <inheritdoc/>
    public override Task<AlarmResponse> Alarm(AlarmRequest request, ServerCallContext context) =>
        request.Action == AlarmRequest.Types.AlarmAction.Get
            ? Task.FromResult(new AlarmResponse { Header = node.Header(node.Views.Latest) })
            : throw new RpcException(new Status(StatusCode.Unimplemented, UnofferedCalls.Sentence));
}
