// The reserve of file descriptors: given up one by one when there are no others, and taken back.
using System.Runtime.InteropServices;
using HotStandby.Actors.Journal;
using Microsoft.Win32.SafeHandles;

namespace HotStandby.Tests.Actors.Journal;

public sealed class DescriptorReserveTests
{
    private const int ProcessFull = 24, TableFull = 23, NoSpace = 28;

    private int _free = 10;

    [Theory]
    [InlineData(ProcessFull)]
    [InlineData(TableFull)]
    public void What_finds_no_descriptor_gets_one_of_the_reserve(int error)
    {
        var reserve = new DescriptorReserve(4, Take);
        reserve.FillUp();
        Assert.Equal((4, 6), (reserve.Held, _free));
        _free = 0;
        Assert.True(reserve.Open(() => Open(error)));
        Assert.Equal(3, reserve.Held);
    }

    [Fact]
    public void A_place_that_another_thread_takes_first_costs_one_more()
    {
        var reserve = new DescriptorReserve(4, Take);
        reserve.FillUp();
        _free = 0;
        var thefts = 2;
        Assert.True(reserve.Open(() =>
        {
            if (_free > 0 && thefts-- > 0)
                _free--;
            return Open(ProcessFull);
        }));
        Assert.Equal(1, reserve.Held);
    }

    [Fact]
    public void An_empty_reserve_and_any_other_error_are_the_callers()
    {
        var reserve = new DescriptorReserve(2, Take);
        reserve.FillUp();
        _free = 0;
        Assert.Equal(NoSpace, Assert.Throws<IOException>(() => reserve.Open<bool>(() => throw new IOException("full", NoSpace))).HResult);
        Assert.Equal(2, reserve.Held);
        Assert.Equal(ProcessFull,
            Assert.Throws<IOException>(() => reserve.Open<bool>(() => throw new IOException("none left", ProcessFull))).HResult);
        Assert.Equal(0, reserve.Held);
    }

    [Fact]
    public void It_is_filled_up_as_soon_as_there_is_room()
    {
        var reserve = new DescriptorReserve(4, Take);
        reserve.FillUp();
        _free = 0;
        reserve.Open(() => Open(ProcessFull));
        reserve.FillUp();
        Assert.Equal(3, reserve.Held);
        _free = 5;
        reserve.FillUp();
        Assert.Equal((4, 4), (reserve.Held, _free));
    }

    private bool Open(int error)
    {
        if (_free == 0)
            throw new IOException("none left", error);
        _free--;
        return true;
    }

    private SafeHandle Take()
    {
        Open(ProcessFull);
        return new Held(this);
    }

    private sealed class Held(DescriptorReserveTests tests) : SafeHandleZeroOrMinusOneIsInvalid(true)
    {
        protected override bool ReleaseHandle() => true;

        protected override void Dispose(bool disposing)
        {
            tests._free++;
            base.Dispose(disposing);
        }
    }
}
